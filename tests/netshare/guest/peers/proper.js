// proper-lockfile in the role of `sharelock hold`, and in a loop.    proper.js hold|cycle FILE SECONDS
const lockfile = require('/opt/peers/proper-lockfile');
const [what, path, seconds] = process.argv.slice(2);
const options = {
  stale: seconds * 1000, realpath: false,
  retries: { forever: true, factor: 1, minTimeout: 100, maxTimeout: 100 },
  onCompromised: () => console.log('compromised'),
};
async function main() {
  if (what === 'cycle') {
    for (let i = 0; i < 22; i++) {
      const begun = process.hrtime.bigint();
      await (await lockfile.lock(path, options))();
      console.log('cycle', Number(process.hrtime.bigint() - begun) / 1e9);
    }
    return;
  }
  const release = await lockfile.lock(path, options);
  console.log('acquired');
  const alive = setInterval(() => {}, 1000);
  process.on('SIGTERM', () => release().catch(() => {}).then(() => { console.log('released'); clearInterval(alive); process.exit(0); }));
}
main();
