import { constantTensor, type Graph, int64Numbers, listOf, type Operation } from './graph.ts';

/** Who makes and who uses the tensors of a graph. */
export class Uses {
  readonly #tensors: Graph['tensors'];
  readonly #outputs: ReadonlySet<string>;
  readonly #makers: ReadonlyMap<string, Operation>;
  readonly #users = new Map<string, Operation[]>();

  constructor({ operations, tensors, outputs }: Graph) {
    this.#tensors = tensors;
    this.#outputs = new Set(outputs);
    this.#makers = new Map(operations.flatMap((made) => made.outputs.map((name) => [name, made] as const)));
    for (const user of operations) {
      for (const name of new Set(user.inputs)) {
        const users = this.#users.get(name);
        if (users) users.push(user);
        else this.#users.set(name, [user]);
      }
    }
  }

  maker(name: string | undefined): Operation | undefined {
    return name === undefined ? undefined : this.#makers.get(name);
  }

  users(name: string): readonly Operation[] {
    return this.#users.get(name) ?? [];
  }

  /** The operation that uses a tensor, if it is the only one. */
  onlyUser({ outputs: [name = ''] }: Operation): Operation | undefined {
    const users = this.users(name);
    return users.length === 1 && !this.#outputs.has(name) ? users[0] : undefined;
  }

  /** A constant list of integers: an attribute (older versions of ONNX) or an input of an operation. */
  constant(operation: Operation, attribute: string, input: number): readonly number[] | undefined {
    const own = listOf(operation, attribute);
    const name = operation.inputs[input];
    if (own || name === undefined) return own;
    const maker = this.maker(name);
    const tensor = this.#tensors.get(name) ?? (maker?.type === 'Constant' ? constantTensor(maker) : undefined);
    return tensor && int64Numbers(tensor);
  }

  /** Name of the stored tensor behind a name: itself, or the one that is converted (`Cast`) and used only for that. */
  stored(name: string): string | undefined {
    if (this.#tensors.has(name)) return name;
    const cast = this.maker(name);
    const source = cast?.type === 'Cast' ? cast.inputs[0] : undefined;
    return source !== undefined && this.#tensors.has(source) && this.users(source).length === 1 ? source : undefined;
  }
}
