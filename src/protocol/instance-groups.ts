/**
 * Instances as options group them: how many there are, and on which device each one is.
 *
 *   3                                              three on the CPU
 *   { count: 4, devices: ["cuda:0", "cuda:1"] }    on cuda:0, cuda:1, cuda:0, cuda:1
 *   [{ device: "cuda:0" }, { count: 2 }]           on cuda:0, then two on the CPU
 *
 * Devices of a group go round robin. A group that names several has an instance on each, unless it
 * counts. Kind and concurrency are those of the model: groups that state them state them alike.
 *
 * Not here: mistakes (instance-conflicts.ts).
 */
import type { Device, InstancesOptions, ModelOptions } from "./model-options.ts";

type Instances = ModelOptions["instances"];

export function instanceGroups(instances: Instances = {}): readonly InstancesOptions[] {
  if (typeof instances !== "object") return [{ count: instances }];
  return isList(instances) ? instances : [instances];
}

/** One for each instance, by its index; `cores` is what "auto" counts with. */
export function devicesOfInstances(instances: Instances, cores: number): readonly Device[] {
  return instanceGroups(instances).flatMap((group) => devicesOfGroup(group, cores));
}

function devicesOfGroup(
  { count, device = "cpu", devices = [device] }: InstancesOptions,
  cores: number,
): readonly Device[] {
  const counted = count === "auto" ? Math.max(devices.length, cores - 1) : count;
  const length = counted ?? devices.length;
  return Array.from({ length }, (_, index) => devices[index % devices.length] ?? device);
}

/** `Array.isArray` does not know lists that are readonly. */
function isList(
  instances: InstancesOptions | readonly InstancesOptions[],
): instances is readonly InstancesOptions[] {
  return Array.isArray(instances);
}
