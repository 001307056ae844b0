/** Runs the tasks, `count` of them at a time, and waits for all. Their failures do not stop the others. */
export async function atOnce(
  count: number,
  tasks: readonly (() => Promise<void>)[],
): Promise<void> {
  const left = tasks.values()
  await Promise.all(
    Array.from({ length: count }, async () => {
      for (const task of left) await task()
    }),
  )
}
