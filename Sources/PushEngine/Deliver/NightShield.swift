package import Groundwork
import Synchronization

/// Decides at the moment of sending whether the hour allows it; where messages wait is not its business.
///
/// It remembers the stretch of day or night that the last question fell into, so that asking for every batch
/// costs a comparison.
package final class NightShield: Sendable {
    /// What may be done with a message now.
    package enum Decision: Hashable, Sendable {
        case send
        /// It is dropped; its trace says so.
        case drop
        /// It waits until the window opens.
        case hold(until: Moment)
    }

    package let window: SendingWindow
    private let span: Mutex<SendingWindow.Span>

    /// Makes a shield that lets messages through inside a window.
    package init(window: SendingWindow) {
        self.window = window
        let never = Moment(millisecondsSinceEpoch: 0)
        span = Mutex(SendingWindow.Span(isOpen: false, start: never, end: never))
    }

    /// Decides what may be done with a message.
    ///
    /// - Parameters:
    ///   - type: what its template says of nights.
    ///   - moment: when it would be sent.
    /// - Returns: the same for every message of that type at that moment.
    package func decide(type: ShieldType, at moment: Moment) -> Decision {
        if type == .none { return .send }
        let now = span.withLock { span in
            if !span.contains(moment) { span = window.span(at: moment) }
            return span
        }
        if now.isOpen { return .send }
        return type == .drop ? .drop : .hold(until: now.end)
    }
}
