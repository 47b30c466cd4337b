/** The picture: stations are elements of the page, ways are lines between them, events are dots. */
import { clockTime, shortName } from "./words.js";

/** `shift` keeps two ways between the same stations apart; a part of the narrower one's side. */
const WAYS = [
  { from: "upstream", to: "request-intake", says: "requested" },
  { from: "request-intake", to: "broker", says: "recorded" },
  { from: "request-intake", to: "ledger", says: "creates" },
  { from: "clock", to: "pending-scanner", says: "tick" },
  { from: "pending-scanner", to: "broker", says: "due" },
  { from: "ledger", to: "pending-scanner", says: "lists" },
  { from: "broker", to: "statement-builder", says: "wakes", shift: -0.28 },
  { from: "statement-builder", to: "broker", says: "outcome", shift: 0.1 },
  { from: "statement-builder", to: "ledger", says: "claims, ends" },
  { from: "database", to: "statement-builder", says: "rows" },
  { from: "statement-builder", to: "bucket", says: "zip" },
];

const TRAVEL_MS = 850;
/** The legs of one request follow each other, also where they took a millisecond. */
const STEP_MS = 420;
/** A picture that lags further behind shows what is over: better nothing. */
const MAX_LAG_MS = 10_000;
const MAX_DOTS = 80;
const KEPT_STEPS = 80;

const calm = matchMedia("(prefers-reduced-motion: reduce)");

export function makeFlow(flow, steps) {
  const svg = flow.querySelector("svg");
  const ways = new Map(WAYS.map((way) => [`${way.from} ${way.to}`, drawable(svg, way)]));
  /** When the next leg of a request may begin. */
  const free = new Map();
  let dots = 0;

  function layOut() {
    const frame = flow.getBoundingClientRect();
    svg.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
    for (const way of ways.values()) place(way, frame);
  }
  new ResizeObserver(layOut).observe(flow);

  function play({ from, to, what, times }) {
    const way = ways.get(`${from} ${to}`);
    if (!way || document.hidden || dots >= MAX_DOTS) return;
    way.line.classList.add("lit");
    way.line.dataset.what = what;
    setTimeout(() => way.line.classList.remove("lit"), TRAVEL_MS);
    if (calm.matches) return;
    const dot = element("circle", { r: Math.min(11, 6 + Math.log2(times)), class: "dot" });
    dot.dataset.what = what;
    svg.append(dot);
    dots += 1;
    const animation = dot.animate(
      [way.start, way.end].map(([x, y]) => ({ transform: `translate(${x}px, ${y}px)` })),
      { duration: TRAVEL_MS, easing: "ease-in-out" },
    );
    animation.finished.finally(() => {
      dots -= 1;
      dot.remove();
      pulse(document.getElementById(to));
    });
  }

  function schedule(travel) {
    const now = performance.now();
    const key = travel.subject ?? `${travel.from} ${travel.to}`;
    const start = Math.max(now, free.get(key) ?? 0);
    if (start - now > MAX_LAG_MS) return;
    free.set(key, start + STEP_MS);
    setTimeout(() => play(travel), start - now);
    if (free.size > 500) for (const [one, at] of free) if (at < now) free.delete(one);
  }

  function tell({ from, to, what, subject, times }) {
    const item = document.createElement("li");
    const about = subject === undefined ? "" : ` (${shortName(subject)})`;
    const often = times > 1 ? ` × ${times}` : "";
    item.textContent = `${clockTime(Date.now())}  ${what}${often}: ${from} → ${to}${about}`;
    steps.prepend(item);
    while (steps.children.length > KEPT_STEPS) steps.lastChild.remove();
  }

  return {
    show(travels) {
      for (const travel of travels) {
        tell(travel);
        schedule(travel);
      }
    },
    note(words) {
      const item = document.createElement("li");
      item.className = "trouble";
      item.textContent = `${clockTime(Date.now())}  ${words}`;
      steps.prepend(item);
    },
  };
}

function drawable(svg, { from, to, says, shift = 0 }) {
  const line = element("line", { class: "way", "marker-end": "url(#arrow)" });
  const label = element("text", {});
  label.textContent = says;
  svg.append(line, label);
  return { from, to, shift, line, label, start: [0, 0], end: [0, 0] };
}

/** Straight down or up where one stands above the other, else straight across. */
function place(way, frame) {
  const a = boxOf(way.from, frame);
  const b = boxOf(way.to, frame);
  const left = Math.max(a.left, b.left);
  const right = Math.min(a.right, b.right);
  const isUpright = right > left;
  if (isUpright) {
    const x = left + (right - left) * (0.5 + way.shift);
    const [y1, y2] = a.top < b.top ? [a.bottom, b.top] : [a.top, b.bottom];
    [way.start, way.end] = [
      [x, y1],
      [x, y2],
    ];
  } else {
    const [top, bottom] = [Math.max(a.top, b.top), Math.min(a.bottom, b.bottom)];
    const y = top + (bottom - top) * (0.5 + way.shift);
    const [x1, x2] = a.left < b.left ? [a.right, b.left] : [a.left, b.right];
    [way.start, way.end] = [
      [x1, y],
      [x2, y],
    ];
  }
  const [[x1, y1], [x2, y2]] = [way.start, way.end];
  // Room for the arrow's head.
  const [dx, dy] = [Math.sign(x2 - x1) * 3, Math.sign(y2 - y1) * 3];
  for (const [name, value] of Object.entries({
    x1: x1 + dx,
    y1: y1 + dy,
    x2: x2 - dx,
    y2: y2 - dy,
  })) {
    way.line.setAttribute(name, value);
  }
  way.label.setAttribute("x", (x1 + x2) / 2 + (isUpright ? 8 : 0));
  way.label.setAttribute("y", (y1 + y2) / 2 + (isUpright ? 4 : -8));
  way.label.setAttribute("text-anchor", isUpright ? "start" : "middle");
}

function boxOf(id, frame) {
  const { left, right, top, bottom } = document.getElementById(id).getBoundingClientRect();
  return {
    left: left - frame.left,
    right: right - frame.left,
    top: top - frame.top,
    bottom: bottom - frame.top,
  };
}

function pulse(station) {
  station.classList.remove("reached");
  // A new animation begins only where the style was computed without the class.
  void station.offsetWidth;
  station.classList.add("reached");
}

function element(name, attributes) {
  const one = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  return one;
}
