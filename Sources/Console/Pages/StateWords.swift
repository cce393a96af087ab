import PushEngine
import Scheduler

/// The colours and words of states; one word means one thing on every page.
extension Chip {
    init(_ state: DeliveryState, _ say: Voice) {
        let tone: Tone =
            switch state {
            case .delivered, .sent: .good
            case .accepted: .busy
            case .queued: .wait
            case .held: .held
            case .unknown, .unresolved, .unconfirmed: .wait
            case .failed, .undelivered: .bad
            case .discarded, .shieldDropped, .suppressed, .censored, .duplicate, .capped, .filtered,
                .recalled, .withdrawn:
                .idle
            }
        self.init(tone, say("state-\(state.name)"))
    }

    init(_ run: JobRun, _ say: Voice) {
        switch run.state {
        case .planned: self.init(.wait, say("run-planned"))
        case .dispatching: self.init(.busy, say("run-dispatching"))
        case .running: self.init(.busy, say(run.killRequestedAt == nil ? "run-running" : "run-ending"))
        case .ended(let end):
            let tone: Tone =
                switch end.reason.outcome {
                case .succeeded: .good
                case .failed: .bad
                case .skipped: .idle
                }
            self.init(tone, say("outcome-\(end.reason.outcome.rawValue)"))
        }
    }

    init(_ phase: CampaignPhase, _ say: Voice) {
        let tone: Tone =
            switch phase {
            case .ready: .idle
            case .scheduled: .wait
            case .sending: .busy
            case .paused: .wait
            case .waitingForWindow: .held
            case .awaitingReceipts: .busy
            case .finished: .good
            case .finishedWithUnknown: .wait
            case .cancelled: .idle
            }
        self.init(tone, say("phase-\(phase.rawValue)"))
    }

    init(_ audit: AuditState, _ say: Voice) {
        switch audit {
        case .waiting: self.init(.wait, say("audit-waiting"))
        case .approved: self.init(.good, say("audit-approved"))
        case .rejected: self.init(.bad, say("audit-rejected"))
        }
    }

    init(_ status: TemplateStatus, _ say: Voice) {
        switch status {
        case .new: self.init(.wait, say("template-new"))
        case .stopped: self.init(.idle, say("template-stopped"))
        case .enabled: self.init(.good, say("template-enabled"))
        }
    }
}

/// Where a campaign stands, as its owner sees it: what people want of it, else its newest occurrence, or its
/// schedule before the first.
enum CampaignPhase: String, Hashable, Sendable, CaseIterable {
    /// It has not run, and nothing is planned.
    case ready
    case scheduled
    case sending
    case paused
    case waitingForWindow
    case awaitingReceipts
    case finished
    case finishedWithUnknown
    case cancelled

    init(_ campaign: CampaignState, _ progress: CampaignProgress?, next: Bool) {
        switch campaign {
        case .cancelled: self = .cancelled
        case .paused: self = .paused
        case .active: self = progress.map(Self.init) ?? (next ? .scheduled : .ready)
        }
    }

    /// Where an occurrence of an active campaign is.
    private init(_ progress: CampaignProgress) {
        func has(_ state: DeliveryState) -> Bool { progress.states[state, default: 0] > 0 }
        self =
            switch progress.run.state {
            case .cancelled: .cancelled
            case .paused: .paused
            case .running: .sending
            case .finished where has(.queued): .sending
            case .finished where has(.held): .waitingForWindow
            case .finished where has(.unknown) || has(.unresolved): .finishedWithUnknown
            case .finished where has(.accepted): .awaitingReceipts
            case .finished: .finished
            }
    }
}

extension DeliveryState {
    /// The parts of a whole that bars and sums are split into, in their order.
    enum Group: String, Sendable, CaseIterable {
        case delivered
        case accepted
        case failed
        case unknown
        case dropped
        case held
        case waiting
    }

    var group: Group {
        switch self {
        case .delivered: .delivered
        case .accepted, .sent, .unconfirmed: .accepted
        case .failed, .undelivered: .failed
        case .unknown, .unresolved: .unknown
        case .discarded, .shieldDropped, .suppressed, .censored, .duplicate, .capped, .filtered, .recalled,
            .withdrawn:
            .dropped
        case .held: .held
        case .queued: .waiting
        }
    }

    /// Whether the message will not reach its recipient, or nobody can tell.
    var isLoss: Bool { isFinal && self != .delivered && self != .sent }
}
