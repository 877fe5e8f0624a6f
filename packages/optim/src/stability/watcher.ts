/** Watchers: pure state machines that read the numbers of a run and tell events. */

/**
 * A state machine over observations. The state is plain data: it can be kept in a checkpoint, and going on from it gives
 * the events that an uninterrupted run gives.
 */
export interface Watcher<State, Observation, Event> {
  readonly init: State
  /** The next state, and what happened. */
  readonly update: (state: State, observation: Observation) => readonly [State, ReadonlyArray<Event>]
}

/** All events of a list of observations, and the state after them. */
export const watch = <S, O, E>(
  { init, update }: Watcher<S, O, E>,
  observations: ReadonlyArray<O>,
  from: S = init
): readonly [S, ReadonlyArray<E>] => {
  let state = from
  const events: Array<E> = []
  for (const observation of observations) {
    const [next, told] = update(state, observation)
    state = next
    events.push(...told)
  }
  return [state, events]
}

/** Two watchers of the same observations as one; the events of the first come first. */
export const bothWatchers = <S1, S2, O1, O2, E1, E2>(
  first: Watcher<S1, O1, E1>,
  second: Watcher<S2, O2, E2>
): Watcher<readonly [S1, S2], O1 & O2, E1 | E2> => ({
  init: [first.init, second.init],
  update: ([a, b], observation) => {
    const [nextA, toldA] = first.update(a, observation)
    const [nextB, toldB] = second.update(b, observation)
    return [
      [nextA, nextB],
      [...toldA, ...toldB]
    ]
  }
})
