/**
 * Models with metrics of their own, inline and in threads that import this file again. A request of
 * `x` counts x words; a negative one ends the thread.
 */
import { fp32, type InstancesOptions, type Model, model } from "shoal";

const tensors = { inputs: { x: fp32(1) }, outputs: { y: fp32(1) } };

function counting(name: string, instances: InstancesOptions): Model {
  return model(name, {
    ...tensors,
    module: import.meta.url,
    maxBatchSize: 1,
    instances,
    setup: ({ metrics, instance }) => {
      metrics.gauge("instances_up", { help: "Instances that are set up" }).set(1);
      metrics.gauge("newest", { combine: "last" }).set(instance.index);
      const help = 'Words read, "so far"\nby language';
      return metrics.counter("words_total", { help, labels: ["language", "a1"] });
    },
    infer: ({ x }, { state, metrics }) => {
      const [count = 0] = x.data;
      if (count < 0) process.exit(1);
      state.add(count, { language: 'de\n"\\', a1: true });
      metrics.histogram("words", { buckets: [1, 10] }).observe(count);
      return { y: x };
    },
  });
}

export const countingModels: Readonly<Record<"inline" | "thread" | "pair", Model>> = {
  inline: counting("inline", { kind: "inline" }),
  thread: counting("thread", { kind: "thread" }),
  pair: counting("pair", { kind: "thread", count: 2 }),
};

/** Contradicts them, when it is set up or only when it is called. */
export function contradicting(kind: "inline" | "thread", where: "setup" | "infer"): Model {
  return contradictingModels[`${kind} ${where}`] as Model;
}

const contradictingModels: Record<string, Model> = {};
for (const kind of ["inline", "thread"] as const) {
  contradictingModels[`${kind} setup`] = model(`${kind}-setup`, {
    ...tensors,
    module: import.meta.url,
    instances: { kind },
    setup: ({ metrics }) => void metrics.gauge("words_total"),
    infer: ({ x }) => ({ y: x }),
  });
  contradictingModels[`${kind} infer`] = model(`${kind}-infer`, {
    ...tensors,
    module: import.meta.url,
    instances: { kind },
    infer: ({ x }, { metrics }) => {
      metrics.gauge("words_total", { labels: [] }).set(5);
      return { y: x };
    },
  });
}
