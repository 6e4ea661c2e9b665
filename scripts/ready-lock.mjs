/**
 * A lock between processes: a folder, because making one either succeeds or fails, on every
 * system. Whoever made it holds it, keeps its time fresh, and removes it.
 *
 * A holder that died leaves the folder behind. It counts as left behind when its process is gone,
 * or when nobody has touched it for a minute (the process number may belong to another by now).
 * Such a folder is renamed away before it is removed, and only under a second lock, so that two
 * waiters never remove the lock that one of them has just made.
 */
import {
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const signOfLifeMs = 5_000;
const staleAfterMs = 60_000;
const longestWaitMs = 15 * 60_000;
const pollMs = 100;

/** Runs `work` while holding the lock; waits for another holder, but not for ever. */
export async function withLock(folder, work) {
  await acquire(folder);
  const signOfLife = setInterval(() => touch(folder), signOfLifeMs);
  try {
    return await work();
  } finally {
    clearInterval(signOfLife);
    if (ownerOf(folder) === process.pid) rmSync(folder, { recursive: true, force: true });
  }
}

async function acquire(folder) {
  mkdirSync(dirname(folder), { recursive: true });
  const giveUpAt = Date.now() + longestWaitMs;
  let hasSaidSo = false;
  while (!tryToMake(folder)) {
    if (isLeftBehind(folder)) removeLeftBehind(folder);
    else if (!hasSaidSo) {
      process.stderr.write(`ready: waiting for process ${ownerOf(folder)}, which does the same\n`);
      hasSaidSo = true;
    }
    if (Date.now() > giveUpAt) {
      throw new Error(`${folder} is held by process ${ownerOf(folder)}; if it hangs, end it`);
    }
    await sleep(pollMs);
  }
  writeFileSync(join(folder, "pid"), `${process.pid}`);
}

function tryToMake(folder) {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function removeLeftBehind(folder) {
  const guard = `${folder}.removal`;
  if (!tryToMake(guard)) {
    // Held for a moment only: one that is old belongs to nobody.
    if (ageMs(guard) > staleAfterMs) rmdirSync(guard);
    return;
  }
  try {
    if (isLeftBehind(folder)) rmSync(folder, { recursive: true, force: true });
  } finally {
    rmdirSync(guard);
  }
}

function isLeftBehind(folder) {
  const age = ageMs(folder);
  if (age > staleAfterMs) return true;
  const owner = ownerOf(folder);
  // Just made, its number not yet written: leave it the time to do so.
  if (owner === undefined) return age > signOfLifeMs;
  return !isAlive(owner);
}

function ownerOf(folder) {
  try {
    const text = readFileSync(join(folder, "pid"), "utf8");
    return text === "" ? undefined : Number(text);
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** 0 if it is gone: then it can be made. */
function ageMs(folder) {
  try {
    return Date.now() - statSync(folder).mtimeMs;
  } catch {
    return 0;
  }
}

function touch(folder) {
  try {
    const now = new Date();
    utimesSync(folder, now, now);
  } catch {
    // Removed by hand: the work goes on, a second one may begin.
  }
}
