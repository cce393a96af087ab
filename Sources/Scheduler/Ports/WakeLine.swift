/// Carries the word that runs may be handed over, from the process that knows it to the one that leads.
///
/// It is a matter of speed alone: whoever leads looks by itself too, so a word may be lost, or come for nothing.
package protocol WakeLine: Sendable {
    /// Tells the other processes; a word that cannot be told is lost.
    func tell() async

    /// Has `heard` called whenever another process tells, for as long as the line is there.
    ///
    /// - Parameter heard: must not hold up the thread that calls it.
    func listen(_ heard: @escaping @Sendable () -> Void)
}
