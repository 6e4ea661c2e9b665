/**
 * A component of React that shows a story while a model tells it. Another prompt, or leaving the
 * page, ends the story in the server, too.
 *
 *   npx shoal serve examples/streaming/story.mjs --cors http://localhost:5173
 *   npx shoal types examples/streaming/story.mjs -o examples/client/react/models.ts
 *
 * and `<Story prompt="a fish" />` in a page of http://localhost:5173, which is where Vite has it.
 */
import { type ReactElement, useEffect, useState } from "react";
import { createClient } from "shoal/client";
import type { Models } from "./models.ts";

// Once, and not in a component: it keeps what it has learnt of the model.
const client = createClient("http://localhost:8000");
const story = client.model<Models["story"]>("story");

export function Story({ prompt }: { readonly prompt: string }): ReactElement {
  const [text, setText] = useState("");
  const [error, setError] = useState<Error>();

  useEffect(() => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const tell = async (): Promise<void> => {
      let told = "";
      for await (const { text } of story.stream({ prompt: [prompt] }, { signal })) {
        if (signal.aborted) return;
        told += text.data[0];
        setText(told);
      }
    };
    setText("");
    setError(undefined);
    tell().catch((reason) => {
      if (!signal.aborted) setError(reason);
    });
    return () => leaving.abort(); // ends the story in the server, too
  }, [prompt]);

  return <p>{error === undefined ? text : `No story: ${error.message}`}</p>;
}
