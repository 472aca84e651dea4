/**
 * The three functions of `Reflect` metadata that @peculiar/x509's injector looks for when it is loaded; it
 * brings none itself, and asks for only this much. Nothing is replaced where the program has them already.
 */
type MetadataReflect = typeof Reflect & {
  getMetadata?: (key: unknown, target: object) => unknown;
  getOwnMetadata?: (key: unknown, target: object) => unknown;
  defineMetadata?: (key: unknown, value: unknown, target: object) => void;
};

const reflect: MetadataReflect = Reflect;

if (!reflect.getMetadata) {
  const all = new WeakMap<object, Map<unknown, unknown>>();
  const own = (key: unknown, target: object) => all.get(target)?.get(key);
  reflect.getOwnMetadata = own;
  reflect.getMetadata = (key, target) => {
    for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null) {
      const value = own(key, at);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  reflect.defineMetadata = (key, value, target) => {
    const metadata = all.get(target) ?? new Map<unknown, unknown>();
    all.set(target, metadata.set(key, value));
  };
}
