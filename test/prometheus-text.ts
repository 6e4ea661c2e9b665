/**
 * Reads a metrics page as strictly as its format (Prometheus text, 0.0.4) can be read: what a
 * scraper might forgive is an error here.
 *
 * Each family comes once and as a whole: HELP, TYPE, then its samples. No series comes twice. A
 * counter is finite and not negative. A histogram has its buckets in order, cumulative, with +Inf
 * at the end, and a sum and a count that agrees with them.
 */
interface Sample {
  /** With the suffix of a histogram's series. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: Sample[];
}

export class MetricsPage {
  readonly families: ReadonlyMap<string, Family>;

  /** Throws at the first line that is wrong. */
  constructor(text: string) {
    if (!text.endsWith("\n")) throw new Error("the last line has no end");
    const families = new Map<string, Family>();
    let family: Family | undefined;
    for (const line of text.slice(0, -1).split("\n")) {
      if (line.startsWith("# HELP ")) {
        family = startFamily(line);
        if (families.has(family.name)) throw new Error(`${family.name} comes twice`);
      } else if (family === undefined) throw new Error(`no family for: ${line}`);
      else if (line.startsWith("# TYPE ")) {
        family = { ...family, type: readType(line, family) };
        families.set(family.name, family);
      } else addSample(family, readSample(line));
    }
    for (const each of families.values()) if (each.type === "histogram") checkHistogram(each);
    this.families = families;
  }

  /** Of the one series that has these labels, whatever others; undefined: there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const samples = this.families.get(familyName(name, this.families))?.samples ?? [];
    const found = samples.filter((sample) => sample.name === name && hasLabels(sample, labels));
    if (found.length > 1) throw new Error(`${name} has ${found.length} such series`);
    return found[0]?.value;
  }
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

function startFamily(line: string): Family {
  const [, name = "", help] = /^# HELP (\S+) (.+)$/.exec(line) ?? [];
  if (!metricName.test(name) || help === undefined) throw new Error(`no help: ${line}`);
  if (/\\(?![\\n])/.test(help)) throw new Error(`escapes nothing: ${line}`);
  return { name, help, type: "", samples: [] };
}

function readType(line: string, { name, type }: Family): string {
  const [, typed, read] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? [];
  if (typed !== name || read === undefined) throw new Error(`no type of ${name}: ${line}`);
  if (type !== "") throw new Error(`${name} has two types`);
  return read;
}

const sampleLine = /^([^\s{]+)(?:\{(.*)\})? (\S+)$/;
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\n"])*)"(,|$)/y;

function readSample(line: string): Sample {
  const [, name = "", text = "", number = ""] = sampleLine.exec(line) ?? [];
  if (!metricName.test(name)) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  label.lastIndex = 0;
  while (label.lastIndex < text.length) {
    const [, key = "", value = ""] = label.exec(text) ?? [];
    if (key === "" || key in labels) throw new Error(`wrong labels: ${line}`);
    labels[key] = value.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped));
  }
  return { name, labels, value: readNumber(number, line) };
}

function readNumber(text: string, line: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  if (!/^-?\d+(\.\d+)?(e[+-]\d+)?$/.test(text)) throw new Error(`no number: ${line}`);
  return Number(text);
}

function addSample(family: Family, sample: Sample): void {
  const { name, type, samples } = family;
  if (type === "") throw new Error(`${name} has no type`);
  const suffix = sample.name.slice(name.length);
  const suffixes = type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
  if (!sample.name.startsWith(name) || !suffixes.includes(suffix)) {
    throw new Error(`${sample.name} stands among those of ${name}`);
  }
  if (samples.some((other) => seriesOf(other) === seriesOf(sample))) {
    throw new Error(`${seriesOf(sample)} comes twice`);
  }
  if (type !== "gauge" && !(sample.value >= 0 && Number.isFinite(sample.value))) {
    throw new Error(`${seriesOf(sample)} is ${sample.value}`);
  }
  samples.push(sample);
}

function seriesOf({ name, labels }: Sample): string {
  return `${name}${JSON.stringify(Object.entries(labels).sort())}`;
}

function checkHistogram({ name, samples }: Family): void {
  for (const group of new Set(samples.map(groupOf))) {
    const series = samples.filter((sample) => groupOf(sample) === group);
    const where = `${name}${group}`;
    const buckets = series.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => readNumber(labels["le"] ?? "", where));
    const values = buckets.map(({ value }) => value);
    const [count] = series.filter((sample) => sample.name === `${name}_count`);
    const [sum] = series.filter((sample) => sample.name === `${name}_sum`);
    if (!isAscending(bounds, true)) throw new Error(`${where}: bounds ${bounds.join()}`);
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${where} has no +Inf`);
    if (!isAscending(values, false)) throw new Error(`${where}: counts ${values.join()}`);
    if (count?.value !== values.at(-1)) throw new Error(`${where}: _count is not that of +Inf`);
    if (sum === undefined || (count?.value === 0 && sum.value !== 0)) {
      throw new Error(`${where}: _sum is ${sum?.value}`);
    }
  }
}

/** What the series of one histogram share. */
function groupOf({ labels }: Sample): string {
  const { le: _, ...shared } = labels;
  return JSON.stringify(Object.entries(shared).sort());
}

function isAscending(values: readonly number[], isStrict: boolean): boolean {
  return values.every((value, index) => {
    const before = values[index - 1] ?? Number.NEGATIVE_INFINITY;
    return isStrict ? value > before : value >= before;
  });
}

function familyName(name: string, families: ReadonlyMap<string, Family>): string {
  return families.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
}

function hasLabels({ labels }: Sample, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}
