/// Tells somebody of a job's trouble.
package protocol AlarmSender: Sendable {
    /// Hands the notice over so that it is told whatever happens next.
    ///
    /// - Throws: `AlarmFault`; the notice was not handed over.
    func send(_ notice: AlarmNotice) async throws(AlarmFault)
}

/// Why a notice could not be handed over.
package enum AlarmFault: Error, Hashable, Sendable {
    /// It never can, such as when its template does not exist.
    case refused(String)
    /// It may later.
    case unavailable(String)
}
