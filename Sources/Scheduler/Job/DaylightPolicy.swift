/// What a cron expression does where its zone's clocks are put forward (a gap) or back (an overlap).
///
/// Two policies tell **interval** expressions from **fixed times**: a `*`, `/` or `-` in the second, minute
/// or hour field makes an interval, anything else (comma lists too) is fixed times. No policy assumes that
/// clocks move by an hour, at night, or because of daylight saving: a zone that drops a day is a gap like any
/// other.
package enum DaylightPolicy: String, CaseIterable, Codable, Sendable {
    /// Debian cron's rule, the default.
    ///
    /// Intervals follow real time: nothing for times in a gap, both passes of an overlap. Fixed times fire
    /// exactly once: those in a gap at the first instant after it, those in an overlap on the first pass.
    case vixie
    /// Quartz 2.5.2, faults included: what an import from xxl-job needs in order to change nothing.
    ///
    /// Times in a gap do not fire, and a gap of two hours swallows times after it; an overlap fires on the
    /// second pass only, and asking during the first pass jumps into the second, so that the answer depends
    /// on the instant of asking. Only its clock handling is reproduced: which *days* match is the same as for
    /// the other policies (`0 4,10 9 1W * ?` fires twice that day).
    case quartz
    /// Every reading of the clock counts at most once: nothing for times in a gap, first pass of an overlap.
    ///
    /// Holds for intervals too, which are therefore silent throughout the second pass.
    case skip
    /// As `vixie`, but fixed times in an overlap fire on both passes.
    case both

    /// Whether only the first showing of a repeated reading counts.
    func firesOnFirstPassOnly(interval: Bool) -> Bool {
        switch self {
        case .vixie: !interval
        case .skip: true
        case .both, .quartz: false
        }
    }

    /// Whether times in a gap are made up for at its end.
    func catchesUpAfterGap(interval: Bool) -> Bool {
        switch self {
        case .vixie, .both: !interval
        case .skip, .quartz: false
        }
    }
}
