package import Scheduler
import Synchronization

/// Keeps what it is to tell, or refuses it.
package final class RecordingAlarmSender: AlarmSender {
    private struct State {
        var told: [AlarmNotice] = []
        var fault: AlarmFault?
    }

    private let state = Mutex(State())

    package init() {}

    /// What it was given and took, in order.
    package var told: [AlarmNotice] { state.withLock { $0.told } }

    /// From now on it refuses with `fault`; nil to take again.
    package func refuse(_ fault: AlarmFault?) {
        state.withLock { $0.fault = fault }
    }

    package func send(_ notice: AlarmNotice) async throws(AlarmFault) {
        let fault = state.withLock { state in
            if state.fault == nil { state.told.append(notice) }
            return state.fault
        }
        if let fault { throw fault }
    }
}
