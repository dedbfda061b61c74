// The artifacts of Relay import one another without the end of their names. Bundlers find them so, and Node with this hook.
import { registerHooks } from "node:module";

registerHooks({
  resolve: (specifier, context, next) => next(specifier.endsWith(".graphql") ? `${specifier}.js` : specifier, context),
});
