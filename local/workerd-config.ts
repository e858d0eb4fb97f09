/** What a worker's process is made of. */
export type WorkerdSettings = {
  readonly port: number;
  readonly cronPort: number;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  readonly vars: Readonly<Record<string, string>>;
  readonly durableObjects: readonly { readonly name: string; readonly className: string }[];
};

/** Passes a cron trigger on: `Fetcher.scheduled()` is how a worker calls another one's handler. */
const CRON_WORKER = `export default {
  async fetch(request, env) {
    const { cron, scheduledTime } = await request.json();
    const result = await env.WAYBILL.scheduled({ cron, scheduledTime: new Date(scheduledTime) });
    return Response.json({ outcome: result.outcome });
  },
};`;

/**
 * A workerd configuration in Cap'n Proto text
 * (https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp). Durable
 * Objects keep their storage in memory; the network includes loopback, where the stand-ins are.
 */
export function workerdConfig(settings: WorkerdSettings): string {
  const { port, cronPort, compatibilityDate, compatibilityFlags, vars, durableObjects } = settings;
  const bindings = [
    ...Object.entries(vars).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...durableObjects.map(
      ({ name, className }) =>
        `(name = ${text(name)}, durableObjectNamespace = (className = ${text(className)}))`,
    ),
  ];
  const namespaces = durableObjects.map(
    ({ className }) =>
      `(className = ${text(className)}, uniqueKey = ${text(`waybill-${className}`)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "waybill", worker = .waybill),
    (name = "cron", worker = .cron),
    (name = "internet", network = (allow = ["public", "private", "local"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:${port}", http = (), service = "waybill"),
    (name = "cron", address = "127.0.0.1:${cronPort}", http = (), service = "cron"),
  ],
);

const waybill :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = ${text(compatibilityDate)},
  compatibilityFlags = [${compatibilityFlags.map((flag) => text(flag)).join(", ")}],
  bindings = [
    ${bindings.join(",\n    ")},
  ],
  durableObjectNamespaces = [${namespaces.join(", ")}],
  durableObjectStorage = (inMemory = void),
);

const cron :Workerd.Worker = (
  modules = [(name = "cron.js", esModule = ${text(CRON_WORKER)})],
  compatibilityDate = ${text(compatibilityDate)},
  compatibilityFlags = ["service_binding_extra_handlers"],
  bindings = [(name = "WAYBILL", service = "waybill")],
);
`;
}

/** A Cap'n Proto text literal; JSON's escapes are among those that it knows. */
function text(value: string): string {
  return JSON.stringify(value);
}
