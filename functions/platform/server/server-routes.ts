/** What a server has at which path: events at those of its routes; what else there is at and below its resources'. */
import type { IncomingMessage } from "node:http";
import type { EventRoute } from "./event-handler.ts";
import { pathOf, queryOf } from "./answers/http-exchange.ts";
import type { Asked, ResourceRoute } from "./resource-route.ts";

export interface RouteTable {
  /** By path; `/` is where events go. */
  readonly routes: Readonly<Record<`/${string}`, EventRoute>>;
  /** By path: what is there besides events, and below it. */
  readonly resources?: Readonly<Record<`/${string}`, ResourceRoute>>;
}

export interface FoundResource extends Asked {
  readonly route: ResourceRoute;
  /** The path of the route itself. */
  readonly own: string;
}

export interface ServerRoutes {
  routeOf(path: string): EventRoute | undefined;
  resourceOf(request: IncomingMessage): FoundResource | undefined;
  /** The path of what is asked for, without what stands below it; undefined where there is nothing. */
  knownPath(request: IncomingMessage): string | undefined;
}

export function makeServerRoutes({ routes, resources = {} }: RouteTable): ServerRoutes {
  function routeOf(path: string): EventRoute | undefined {
    return Object.hasOwn(routes, path) ? routes[path as `/${string}`] : undefined;
  }

  function resourceOf(request: IncomingMessage): FoundResource | undefined {
    const path = pathOf(request);
    const query = queryOf(request);
    for (const [own, route] of Object.entries(resources)) {
      if (path === own) return { route, own, name: undefined, query };
      if (path.startsWith(`${own}/`))
        return { route, own, name: path.slice(own.length + 1), query };
    }
    return undefined;
  }

  return {
    routeOf,
    resourceOf,
    knownPath(request) {
      const path = pathOf(request);
      return routeOf(path) ? path : resourceOf(request)?.own;
    },
  };
}
