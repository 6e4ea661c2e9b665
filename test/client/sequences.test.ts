/** Sequences over the wire: single requests and streams are marked in the same way. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { ways } from "./failures.ts";
import { answerOf, goodJson, startRaw } from "./raw-server.ts";

const x = new Float32Array(2);

for (const [way, createClient] of Object.entries(ways)) {
  test(`requests and streams of a sequence are marked, over ${way}`, async () => {
    const places: unknown[] = [];
    await using server = await startRaw((socket, { body }) => {
      const { sequence_id, sequence_start, sequence_end } = JSON.parse(`${body}`).parameters;
      places.push([sequence_id, sequence_start, sequence_end]);
      socket.write(answerOf(200, goodJson, "Content-Type: application/json"));
    });
    const client = createClient(server.url, { format: "json" });
    const model = client.sequence(7).model("m");
    const stream = async (isLast: boolean): Promise<void> => {
      for await (const { y } of model.stream({ x }, { isLast })) check.equal(y?.size, 2);
    };
    await stream(false);
    await model.infer({ x });
    await stream(true);
    await model.infer({ x });
    client.close();
    check.deepEqual(places, [
      [7, true, false],
      [7, false, false],
      [7, false, true],
      [7, true, false],
    ]);
  });
}
