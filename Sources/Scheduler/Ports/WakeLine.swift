/// Carries words between the processes of a cluster: that runs may be handed over, or that an executor which fetches its
/// runs is to be told something.
///
/// It is a matter of speed alone, but for questions: whoever leads and whoever holds a call looks by itself too, so a word may
/// be lost, or come for nothing.
package protocol WakeLine: Sendable {
    /// Tells the other processes; a word that cannot be told is lost.
    func tell(_ word: WakeWord) async

    /// Has `heard` called with each word of another process, for as long as the line is there; with `.runsMayGo` also when
    /// words may have been lost.
    ///
    /// - Parameter heard: must not hold up the thread that calls it.
    func listen(_ heard: @escaping @Sendable (WakeWord) -> Void)
}
