/** workerd's package has no types: its default export holds the path of the binary. */
declare module "workerd" {
  const workerd: { readonly default: string; readonly version: string };
  export default workerd;
}
