/**
 * Conflicts among the options of instances: what a group says twice, or what its model has once
 * for all of them.
 *
 * A value that is wrong by itself takes no part: model-options-check.ts tells it.
 */
import { type Fields, isFields } from "./fields.ts";
import { isCount, mustBe } from "./option-checks.ts";
import { show } from "./show.ts";

/** Options of one group, and where they stand. */
export interface GroupFields {
  readonly field: string;
  readonly group: Fields;
}

/** Of any value; what is no group is left out. */
export function groupFieldsOf(instances: unknown): readonly GroupFields[] {
  if (!Array.isArray(instances)) {
    return isFields(instances) ? [{ field: "instances", group: instances }] : [];
  }
  const groups: readonly unknown[] = instances;
  return groups.flatMap((group, index) =>
    isFields(group) ? [{ field: `instances[${index}]`, group }] : [],
  );
}

export function findInstanceConflicts(instances: unknown): readonly string[] {
  const groups = groupFieldsOf(instances);
  const isInline = groups.some(({ group }) => group["kind"] === "inline");
  return [
    ...groups.flatMap(deviceConflicts),
    ...groups.flatMap((group) => statedOtherwise(group, groups, "kind")),
    ...groups.flatMap((group) => statedOtherwise(group, groups, "concurrency")),
    ...(isInline ? findInlineDevices(instances) : []),
  ];
}

/** Where instances are inline, these are on a device that they cannot have. */
export function findInlineDevices(instances: unknown): readonly string[] {
  const expected = `"cpu" for inline instances: only threads have one`;
  return groupFieldsOf(instances).flatMap(({ field, group: { device, devices } }) => {
    const list: readonly unknown[] = Array.isArray(devices) ? devices : [];
    const others = list.filter(isGpu);
    return [
      ...(isGpu(device) ? [mustBe(`${field}.device`, expected, device)] : []),
      ...(others.length > 0 ? [mustBe(`${field}.devices`, expected, list)] : []),
    ];
  });
}

function deviceConflicts({ field, group }: GroupFields): readonly string[] {
  const { device, devices, count } = group;
  if (!Array.isArray(devices)) return [];
  const mistakes: string[] = [];
  if (device !== undefined) {
    mistakes.push(mustBe(`${field}.device`, "left out beside devices", device));
  }
  if (isCount(count) && count < devices.length) {
    const expected = `at least ${devices.length}, for an instance on each of devices`;
    mistakes.push(mustBe(`${field}.count`, expected, count));
  }
  return mistakes;
}

/** All instances share it, so groups may not differ in it; the first that states it counts. */
function statedOtherwise(
  { field, group }: GroupFields,
  groups: readonly GroupFields[],
  name: "kind" | "concurrency",
): readonly string[] {
  const first = groups.find((other) => other.group[name] !== undefined);
  const value = group[name];
  if (first === undefined || value === undefined || value === first.group[name]) return [];
  const expected = `${show(first.group[name])}, as for ${first.field}: it is one for all instances`;
  return [mustBe(`${field}.${name}`, expected, value)];
}

export function isGpu(device: unknown): device is string {
  return typeof device === "string" && /^cuda:\d+$/.test(device);
}
