import Groundwork
import HTTPTypes
import People

/// What everybody may see and change of themselves.
struct ProfilePages: PageDesk {
    let users: UserService

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/profile") { visit in
                let caller = try visit.known()
                return .page(Page("profile", nil, title: visit.say("profile"), Profile(caller, visit.say)))
            }
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            PageRoute("/profile/password") { visit in
                guard let id = visit.caller?.user else {
                    throw Forbidden("the API token is changed in the settings of the server")
                }
                _ = try await users.changePassword(
                    of: id,
                    from: Secret(visit.form["current"] ?? ""),
                    to: Secret(visit.form["password"] ?? "")
                )
                // All sessions have ended, also this one.
                return ButtonAnswer("/sign-in", done: "password")
            }
        ]
    }
}

/// Who is signed in.
struct Profile: Sendable {
    let name: String
    let role: String
    let groups: String
    /// Whether there is a password to change.
    let isUser: Bool

    init(_ caller: Caller, _ say: Voice) {
        name = caller.name
        role = say("role-\(caller.role.rawValue)")
        groups = caller.groups.names.map { $0.sorted().joined(separator: ", ") } ?? say("groups-all")
        isUser = caller.user != nil
    }
}
