/**
 * Mutants of what waits, in which order, how much of it, and what leaves together.
 *
 * How they are written and run: ../mutants.mjs. "Once real" is what the core did wrong before a
 * seed found it.
 */
export const mutants = {
  "core/dynamic-batcher.ts": [
    ["nowMs >= overdueMs", "nowMs > overdueMs"],
    ["oldestMs + this.#maxQueueDelayMs", "oldestMs - this.#maxQueueDelayMs"],
    ["if (bestLength > 0 && !isOverdue)", "if (bestLength > 0)"],
    ["if (bestLength > 0 && !isOverdue)", "if (bestLength > 1 && !isOverdue)"],
    ["requests.length = bestLength;", "requests.length = 1;"],
    ["rows: bestRows, closeReason", "rows, closeReason"],
    ["Math.min(this.wakeMs, overdueMs);", "Math.min(this.wakeMs, overdueMs + 1);"],
    ["Math.min(this.wakeMs, overdueMs);", "Math.min(this.wakeMs, overdueMs - 0.5);"],
    ["Math.min(this.wakeMs, overdueMs);", "overdueMs;"],
    [
      "if (this.#maxQueueDelayMs === 0) return this.#cut(firstLane, nowMs);",
      "return this.#cut(firstLane, nowMs);",
    ],
    ["|| cost + next.cost > this.#maxCost", ""],
    ["|| cost + next.cost > this.#maxCost", "|| cost + next.cost >= this.#maxCost"],
    ["|| cost >= this.#maxCost) return", ") return"],
    ["this.cost += request.cost;", "this.cost = request.cost;"],
    ["grownRows > this.#largestPreferred &&", "grownRows >= this.#largestPreferred &&"],
    ["this.#largestPreferred && collected.bestLength === 0", "this.#largestPreferred"],
    ["if (requests.length > 0) {", "if (requests.length > 1) {"],
    ["if (this.#preferred.has(grownRows))", "if (this.#preferred.has(next.rows))"],
    ["rows + next.rows > this.#maxBatchSize", "rows + next.rows >= this.#maxBatchSize"],
    ["rows + next.rows > this.#maxBatchSize", "rows + next.rows > this.#maxBatchSize + 1"],
    ['next.key === first.key ? undefined : "shape"', "undefined"],
    ['next.key === first.key ? undefined : "shape"', 'next.key === first.key ? undefined : "full"'],
    ['if (rows >= this.#maxBatchSize) return "full";\n    return this', "return this"],
    ['if (rows >= this.#largestPreferred) return "preferred";', ""],
    ["if (obstacle !== undefined) return obstacle;", ""],
    ['if (isOverdue) return "delay";', ""],
    [
      "rows >= this.#largestPreferred) return",
      "rows > this.#largestPreferred) return",
      "a batch of just that size has left before, as the best one",
    ],
    ["request.arrivedAtMs < this.oldestMs", "request.arrivedAtMs > this.oldestMs"],
    ["batching !== undefined && config.maxBatchSize > 0", "config.maxBatchSize > 0"],
    ["preferredBatchSizes.at(-1)", "preferredBatchSizes.at(0)"],
  ],
  "core/request-queue.ts": [
    [
      "priority > 0 && priority < this.#policies.length",
      "priority > 0 && priority + 1 < this.#policies.length",
    ],
    [
      "priority > 0 && priority < this.#policies.length",
      "priority >= 0 && priority < this.#policies.length",
    ],
    [
      "priorityQueuePolicies.get(level) ?? defaultPolicy",
      "priorityQueuePolicies.get(level + 1) ?? defaultPolicy",
    ],
    ["(this.#lengths[level] ?? 0) >= maxQueueSize", "(this.#lengths[level] ?? 0) > maxQueueSize"],
    ["maxQueueSize > 0 && (this", "(this"],
    ["this.#append(request, request.part | 1);", "this.#append(request, request.part);"],
    ["(this.#lengths[request.part >> 1] ?? 0) - 1", "this.#lengths[request.part >> 1] ?? 0"],
    ["(this.#lengths[part >> 1] ?? 0) + 1", "1"],
    ["levels === 0 ? 0 : (config?.defaultPriorityLevel ?? 1)", "levels === 0 ? 0 : 1"],
    ["return request.part >> 1;", "return request.part;"],
    ["    this.#length += 1;\n", ""],
    ["    this.#length -= 1;\n", ""],
    ["if (first === undefined || isBefore(lane, first)) first = lane;", "first = lane;"],
    ["isBefore(one, other) ? -1 : 1", "isBefore(one, other) ? 1 : -1"],
    [
      "if (bucket !== undefined && lane?.first() === undefined) this.#lanes.delete(bucket);",
      "",
      "an empty lane lets nothing leave; request-queue.test.ts sees that it is forgotten",
    ],
    ["this.#enteredCount += 1;", ""],
    ["bucket === undefined ? this.#lane : this.#lanes.get(bucket)", "this.#lane"],
  ],
  "core/queue-lane.ts": [
    [
      "if (previous === undefined) part.head = next;",
      "if (previous === undefined) part.head = undefined;",
    ],
    ["return request.next ?? this.#headFrom(request.part + 1);", "return request.next;"],
    [
      "request.next ?? this.#headFrom(request.part + 1)",
      "request.next ?? this.#headFrom(request.part + 2)",
    ],
    [
      "if (next === undefined) part.tail = previous;",
      "if (next === undefined) part.tail = undefined;",
    ],
    ["else next.previous = previous;", "else next.previous = undefined;"],
    ["request.next = undefined;", ""],
    ["request.previous = part.tail;", ""],
    [
      "one.enteredIndex < two.enteredIndex : one.part",
      "one.enteredIndex > two.enteredIndex : one.part",
    ],
    ["one.part === two.part ?", "true ?"],
  ],
  "core/request-measures.ts": [
    ["if (cost <= most) return cost;", "return cost;"],
    ["if (cost <= most) return cost;", "if (cost < most) return cost;"],
    ["requestPrefix(request.id) + why", "why"],
    [
      "if (measures === noMeasures) return nothingMeasured;\n",
      "",
      "nothing is measured then either",
    ],
  ],

  "core/queue-limits.ts": [
    ["queue.length >= maxWaitingRequests", "queue.length > maxWaitingRequests"],
    ["queue.isLevelFull(level) ||", ""],
    ['reason: "REJECTED", retryAfterS: 1', 'reason: "REJECTED"'],
    ["|| queue.length >= maxWaitingRequests", ""],
    ["if (waitingBytes.tryTake(bytes)) return undefined;", "return undefined;"],
    [
      '    if (queue.isLevelFull(level) || queue.length >= maxWaitingRequests) return queueFull(id, "");\n    if (waitingBytes.tryTake(bytes)) return undefined;',
      '    const isTaken = waitingBytes.tryTake(bytes);\n    if (queue.isLevelFull(level) || queue.length >= maxWaitingRequests) return queueFull(id, "");\n    if (isTaken) return undefined;',
    ],
    ['return queueFull(id, "");', 'return queueFull("", "");'],
  ],
  "core/byte-budget.ts": [
    ["this.#usedBytes + bytes > this.limitBytes", "this.#usedBytes + bytes >= this.limitBytes"],
    ["this.#usedBytes -= bytes;", ""],
  ],
  "core/deadline-heap.ts": [
    ["const granularityMs = 0.001;", "const granularityMs = 0.002;"],
    ["nowMs <= request.dueMs", "nowMs < request.dueMs"],
    ["const parentIndex = (index - 1) >> 1;", "const parentIndex = index >> 1;"],
    [
      "if (parent === undefined || !isBefore(request, parent)) break;",
      "if (parent === undefined || isBefore(request, parent)) break;",
    ],
    [
      "if (right !== undefined && isBefore(right, child))",
      "if (right !== undefined && isBefore(child, right))",
    ],
    ["if (!isBefore(child, request)) break;", "break;"],
    [
      "return one.arrivalIndex < other.arrivalIndex;",
      "return one.arrivalIndex > other.arrivalIndex;",
    ],
    [
      "let index = (alive.length >> 1) - 1; index >= 0;",
      "let index = (alive.length >> 1) - 1; index > 0;",
    ],
    ["else alive.push(request);", "else if (alive.length > 0) alive.push(request);"],
    [
      "this.#endedCount -= 1;",
      "",
      "it only says when to sweep: what has ended is swept out earlier than it pays",
    ],
  ],
  "core/compatibility-key.ts": [
    ["if (variable.length === 0 && !hasOptional)", "if (variable.length === 0)"],
    ["request.inputs[0]?.shape[1]", "request.inputs[0]?.shape[0]"],
    ["variable[0]?.dims.length === 1", "true"],
    ["input.isOptional || input.dims.includes(-1))", "input.dims.includes(-1))"],
    ['if (tensor === undefined) key += "-;";', 'if (tensor === undefined) key += "+;";'],
    ["tensor.shape.slice(1).join()", "tensor.shape.join()"],
    ["tensor.shape.slice(1).join()", "tensor.shape.slice(2).join()"],
    ["(input) => input.name === name", "(input) => input.name !== name"],
  ],
};
