/** What the tool uses and an older Node has not; where Node has it, it stays Node's own. */
import "core-js/actual/async-disposable-stack/index.js"; // Node 24
import "core-js/actual/disposable-stack/index.js"; // Node 24
import "core-js/actual/suppressed-error.js"; // Node 24
import "core-js/actual/promise/with-resolvers.js"; // Node 22
import "core-js/actual/url/parse.js"; // Node 22
