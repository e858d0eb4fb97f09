/** The part of the runtime's module that the floors use; Node's type check knows nothing of it. */
declare module "cloudflare:workers" {
  export class DurableObject<Env> {
    readonly env: Env;
  }
}
