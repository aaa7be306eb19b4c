// The player for proper-lockfile: does what it reads from stdin, one order a line, and answers with one line (see players.py).
//
// The peer's own default is not to wait at all; it waits here by polling every 50 ms, as filelock does by default.
'use strict';
const readline = require('readline');
const lockfile = require(process.argv[2]);
const file = process.argv[3];
const stale = process.argv[4] ? { stale: Number(process.argv[4]) } : {};
const retries = { forever: true, factor: 1, minTimeout: 50, maxTimeout: 50 };
const now = () => process.hrtime.bigint();
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

let release = null;
let told = false;

async function take() {
    told = false;
    const onCompromised = () => { told = true; };
    release = await lockfile.lock(file, { ...stale, retries, onCompromised });
    return now();
}

async function give() {
    const began = now();
    await release();
    return began;
}

async function cycles(count) {
    const took = [];
    for (let turn = 0; turn < count; turn++) {
        const began = now();
        await take();
        await release();
        took.push(now() - began);
    }
    return took.join(' ');
}

async function work(count) {
    let last = 0n;
    for (let turn = 0; turn < count; turn++) {
        if (told) return `${last} told`;
        last = now();
        await pause(1);
    }
    return `${last} untold`;
}

const orders = { take, give, cycle: cycles, work, ask: async () => 'none' };

(async () => {
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const [verb, number] = line.split(' ');
        console.log(String(await orders[verb](Number(number))));
    }
    process.exit(0);
})();
