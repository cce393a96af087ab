import Groundwork
import Scheduler

/// The form of one group of executors, or of a new one.
struct GroupForm: Sendable {
    let heading: String
    let isNew: Bool
    let savePath: String
    let version: String
    private(set) var name = ""
    private(set) var title = ""
    private(set) var isManual = false
    /// A line each.
    private(set) var addresses = ""
    let actions: [Action]
    /// What is wrong with what was typed in.
    var problem: String?
    /// Shown once, when it is made.
    var token: String?

    /// The form of a new group.
    init(_ say: Voice) {
        heading = say("group-new")
        isNew = true
        savePath = "/executors/new"
        version = ""
        actions = []
    }

    /// The form of a group that is there.
    init(_ group: ExecutorGroup, _ say: Voice) {
        heading = group.name
        isNew = false
        let path = "/executors/\(group.id)"
        savePath = "\(path)/edit"
        version = "\(group.version)"
        name = group.name
        title = group.title
        isManual = group.registration.isManual
        addresses = group.registration.addresses.map(\.url).joined(separator: "\n")
        let renew = Action(
            "\(path)/token",
            say("group-token-new"),
            .wait,
            question: say("group-token-question", ["name": group.name]),
            effect: say("group-token-effect")
        )
        let share = Action(
            "\(path)/shared-token",
            say("group-token-share"),
            .wait,
            question: say("group-share-question", ["name": group.name]),
            effect: say("group-share-effect")
        )
        let delete = Action(
            "\(path)/delete",
            say("group-delete"),
            .bad,
            question: say("group-delete-question", ["name": group.name]),
            effect: say("group-delete-effect")
        )
        actions = [renew] + (group.token == .shared ? [] : [share]) + [delete]
    }

    /// Takes over what was typed in.
    mutating func fill(_ texts: [String: String]) {
        if isNew { name = (texts["name"] ?? "").trimmingSpaces }
        title = (texts["title"] ?? "").trimmingSpaces
        isManual = texts["registration"] == "manual"
        addresses = texts["addresses"] ?? ""
    }

    /// The registration that was typed in; addresses are separated by blanks, commas or line breaks.
    ///
    /// - Throws: `SchedulerError.invalid` that names each address that is none.
    var registration: GroupRegistration {
        get throws(SchedulerError) {
            guard isManual else { return .automatic }
            let texts = addresses.split { $0.isWhitespace || $0 == "," || $0 == "，" }
            return try GroupRegistration(manual: texts.map(String.init))
        }
    }
}
