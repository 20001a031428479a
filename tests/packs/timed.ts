/** Says how long it took, what it answered, and by how much it raised the memory of this process at its end. */
export async function timed<Answer>(what: string, work: () => Promise<Answer>): Promise<Answer> {
  const startedAt = performance.now();
  const before = process.memoryUsage().rss;
  const answer = await work();
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const mebibytes = ((process.memoryUsage().rss - before) / 2 ** 20).toFixed(0);
  console.log(`${what}: ${seconds} s, ${mebibytes} MiB. ${JSON.stringify(answer).slice(0, 200)}`);
  return answer;
}
