/**
 * All versions of all models, as the oracle expects them: those that have a name, what comes beside
 * one of them to take over from it, and what has been replaced and has not ended.
 *
 * What has no name is still there: it has instances, counts bytes that wait, and is abandoned with
 * the others.
 */
import type { LoadPlan } from "../plans.ts";
import { alreadyComing, alreadyThere, errorText, type OracleError } from "./oracle-errors.ts";
import type { SharingOracle } from "./sharing-oracle.ts";
import { type VersionOptions, VersionOracle } from "./version-oracle.ts";

export class VersionsOracle {
  readonly #options: VersionOptions;
  #named: readonly VersionOracle[] = [];
  #coming: readonly VersionOracle[] = [];
  #going: readonly VersionOracle[] = [];

  constructor(options: Omit<VersionOptions, "takeOver">) {
    this.#options = { ...options, takeOver: (version) => this.#takeOver(version) };
  }

  /** By name, then by version. */
  get named(): readonly VersionOracle[] {
    return this.#named;
  }

  get all(): readonly VersionOracle[] {
    return [...this.#named, ...this.#coming, ...this.#going];
  }

  /** Of all that are there. */
  get sharings(): readonly SharingOracle[] {
    return this.all.flatMap(({ namedSharing }) => namedSharing ?? []);
  }

  /** What it has replaced, and is not yet gone. */
  goingBefore(version: VersionOracle): readonly VersionOracle[] {
    return this.#going.filter(isOf(version));
  }

  load(load: LoadPlan): void {
    const { coverage } = this.#options;
    const existing = this.#named.find(isOf(load.model));
    if (existing !== undefined && existing.state !== "UNAVAILABLE") {
      coverage.count("load while there");
      this.#refuse(load, alreadyThere);
      return;
    }
    coverage.count("load");
    this.#put(new VersionOracle(load, this.#options));
  }

  /** Where none serves it is a load. */
  replace(load: LoadPlan): void {
    const { coverage } = this.#options;
    const serving = this.#named.find(isOf(load.model));
    if (serving?.state !== "READY") {
      coverage.count("replace what does not serve");
      this.load(load);
    } else if (this.#comingFor(serving) !== undefined) {
      coverage.count("replace twice");
      this.#refuse(load, alreadyComing);
    } else {
      coverage.count(isBusy(serving) ? "replace busy" : "replace idle");
      if (serving.failure !== undefined) coverage.count("replace what is out of service");
      this.#coming = [...this.#coming, new VersionOracle(load, this.#options, true)];
    }
  }

  unload(version: VersionOracle): void {
    const coming = this.#comingFor(version);
    version.unload(coming);
    if (coming === undefined) return;
    this.#coming = this.#coming.filter((other) => other !== coming);
    this.#going = [...this.#going, coming];
  }

  /** A turn is over. */
  settle(): void {
    for (const version of [...this.#coming, ...this.#going, ...this.#named]) version.settle();
    this.#coming = this.#coming.filter(({ state }) => state === "LOADING");
    this.#going = this.#going.filter(({ state }) => state === "UNLOADING");
  }

  countEnd(how: "unload" | "drain" | "abandon", version: VersionOracle): void {
    const { coverage } = this.#options;
    const { state, sharing } = version;
    const goesOn = this.goingBefore(version).some(isBusy);
    if (goesOn) coverage.count(`${how} while the replaced is busy`);
    if (how === "abandon") return;
    if (this.#comingFor(version) !== undefined) coverage.count(`${how} while replacing`);
    if (state === "LOADING") {
      coverage.count(sharing === undefined ? `${how} while resolving` : `${how} while loading`);
    }
    if (how === "drain") return;
    if (state === "READY") coverage.count(isBusy(version) ? "unload busy" : "unload idle");
    if (state === "UNLOADING") coverage.count("unload while unloading");
  }

  /** What will take over from it. */
  #comingFor(version: VersionOracle): VersionOracle | undefined {
    return this.#coming.find(isOf(version));
  }

  #refuse({ number }: LoadPlan, why: OracleError): void {
    this.#options.journal.note(`loading ${number}`, errorText(why));
  }

  #takeOver(version: VersionOracle): void {
    const replaced = this.#named.find(isOf(version));
    if (replaced === undefined || replaced === version) return;
    const { coverage } = this.#options;
    coverage.count("takes over");
    if (isBusy(replaced)) coverage.count("takes over from the busy");
    if (this.goingBefore(version).some(isBusy)) coverage.count("takes over while another leaves");
    this.#coming = this.#coming.filter((other) => other !== version);
    this.#going = [...this.#going, replaced];
    version.replace(replaced);
    this.#put(version);
  }

  #put(version: VersionOracle): void {
    const others = this.#named.filter((other) => !isOf(version)(other));
    this.#named = [...others, version].sort(
      (one, other) => one.name.localeCompare(other.name) || one.version - other.version,
    );
  }
}

function isOf({ name, version }: { readonly name: string; readonly version: number }) {
  return (other: VersionOracle): boolean => other.name === name && other.version === version;
}

function isBusy({ sharing }: VersionOracle): boolean {
  return sharing?.model.isEmpty === false;
}
