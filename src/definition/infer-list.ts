/**
 * A list of functions as `infer`: one instance each, which runs the function of its index. So the
 * list says how many instances there are; `instances` may say where they are, and the same number.
 */

import { type Fields, isFields } from "../protocol/fields.ts";
import { devicesOfInstances } from "../protocol/instance-groups.ts";
import type { InstancesOptions, ModelOptions } from "../protocol/model-options.ts";
import { isCount, mustBe } from "../protocol/option-checks.ts";
import { show } from "../protocol/show.ts";

import {
  type AnyFunction,
  bindInfer,
  type DeclaredModel,
  inferring,
  isGenerator,
} from "./infer-forms.ts";

type Instances = ModelOptions["instances"];

/** Of the instance with this index. */
export function inferOf<F>(infer: F | readonly F[], index: number): F {
  // A function is no list, whatever `F` is; and the list is as long as there are instances.
  return Array.isArray(infer) ? ((infer as readonly F[])[index] as F) : (infer as F);
}

/** With the number of instances that a list of functions asks for. */
export function countedInstances(infer: unknown, instances: Instances): Instances {
  if (!Array.isArray(infer) || Array.isArray(instances)) return instances;
  const options: InstancesOptions = isFields(instances) ? instances : {};
  return { ...options, count: infer.length };
}

/** Of a list each by itself. */
export function bindInferences<Function extends AnyFunction>(
  infer: unknown,
  model: DeclaredModel,
): Function | readonly Function[] {
  const bind = (each: unknown): Function => bindInfer(each as Function, model);
  return Array.isArray(infer) ? infer.map(bind) : bind(infer);
}

export function functionOrList(value: unknown, field: string): readonly string[] {
  if (!Array.isArray(value)) return inferring(value, field);
  if (value.length === 0) return [mustBe(field, "a list of at least one function", value)];
  return value.flatMap((each: unknown, index) => inferring(each, `${field}[${index}]`));
}

/** Of a definition whose `infer` is a list. */
export function findInferListMistakes({ infer, instances, decoupled }: Fields): readonly string[] {
  if (!Array.isArray(infer) || infer.length === 0) return [];
  const functions: readonly unknown[] = infer;
  return [
    ...generatorMistakes(functions, decoupled),
    ...countMistakes(functions.length, instances),
  ];
}

/** A model that says `decoupled: true` may have both: it sends its responses, or yields them. */
function generatorMistakes(functions: readonly unknown[], decoupled: unknown): readonly string[] {
  const first = isGenerator(functions[0]);
  const other = functions.findIndex((each) => isGenerator(each) !== first);
  if (other === -1 || decoupled === true) return [];
  const expected = first ? "a generator function" : "a plain function";
  return [mustBe(`infer[${other}]`, `${expected}, as infer[0] is`, functions[other])];
}

function countMistakes(count: number, instances: unknown): readonly string[] {
  const expected = `${count}, one for each function of infer, or left out`;
  if (instances === "auto" || (isCount(instances) && instances !== count)) {
    return [mustBe("instances", expected, instances)];
  }
  if (Array.isArray(instances)) return groupMistakes(count, instances);
  const { count: asked, devices } = isFields(instances) ? instances : {};
  if (asked === "auto" || (isCount(asked) && asked !== count)) {
    return [mustBe("instances.count", expected, asked)];
  }
  if (asked !== undefined || !Array.isArray(devices) || devices.length <= count) return [];
  return [mustBe("instances.devices", `no longer than infer, which has ${count}`, devices)];
}

function groupMistakes(count: number, groups: readonly unknown[]): readonly string[] {
  const auto = groups.findIndex((group) => isFields(group) && group["count"] === "auto");
  const expected = "a number, where infer is a list of functions";
  if (auto !== -1) return [mustBe(`instances[${auto}].count`, expected, "auto")];
  const isRight = groups.every(isRightGroup);
  const total = isRight
    ? devicesOfInstances(groups as readonly InstancesOptions[], 1).length
    : count;
  if (total === count) return [];
  const wanted = `groups of ${count} instances together, one for each function of infer`;
  return [`'instances' must be ${wanted}; got ${show(total)}`];
}

/** What is wrong by itself is told by itself. */
function isRightGroup(group: unknown): boolean {
  if (!isFields(group)) return false;
  const { count = 1, devices = [] } = group;
  return isCount(count) && Array.isArray(devices);
}
