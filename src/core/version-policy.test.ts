/** Version policies. */
import { strict as check } from "node:assert";
import test from "node:test";
import { servedVersions, type VersionPolicy } from "./version-policy.ts";

const cases: readonly (readonly [VersionPolicy, readonly number[], readonly number[]])[] = [
  [{}, [1, 3, 2], [3]],
  [{ latest: {} }, [1, 3, 2], [3]],
  [{ latest: { num_versions: 0 } }, [1, 2], [2]],
  [{ latest: { num_versions: 2 } }, [10, 9, 1], [9, 10]],
  [{ latest: { num_versions: 5 } }, [2, 1], [1, 2]],
  [{ all: {} }, [10, 9, 1], [1, 9, 10]],
  [{ specific: { versions: [3, 1, 7] } }, [1, 2, 3], [1, 3]],
  [{ specific: {} }, [1], []],
  [{}, [], []],
];

for (const [policy, available, served] of cases) {
  test(`${JSON.stringify(policy)} of ${available.join()} is ${served.join()}`, () => {
    check.deepEqual(servedVersions(policy, available), served);
  });
}
