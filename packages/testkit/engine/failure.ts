/**
 * The error that a promise ends with. Bun's `expect(…).rejects` holds up the event loop until the promise has settled, so
 * that nothing which the test does afterwards could settle it.
 */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (thrown) {
    return thrown;
  }
  throw new Error('it was expected to fail, and did not');
}
