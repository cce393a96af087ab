import Crypto
import Foundation
import Groundwork
import Hummingbird
import People

/// A browser in front of which somebody signed in, until an instant; lives in a signed cookie and nowhere else.
struct Session: Hashable, Sendable {
    /// Drawn at sign-in.
    let id: String
    let expiresAt: Moment
    let holder: Holder

    /// Who signed in.
    enum Holder: Hashable, Sendable {
        /// Whoever has the API token.
        case token
        /// A user, for as long as that is the user's generation.
        case user(UserID, generation: Int64)
    }
}

/// Signs sessions and recognises them.
///
/// The signing key is mixed with the API token: whoever changes the token signs everybody out.
struct Sessions: Sendable {
    static let cookieName = "kpush_session"

    /// How long somebody stays signed in.
    static let lifetime = Duration.seconds(12 * 3_600)

    private let key: SymmetricKey
    private let clock: any WallClock

    init(_ settings: ConsoleSettings, clock: any WallClock) {
        let master = SymmetricKey(data: Array(settings.signingKey.reveal().utf8))
        let subject = Array("sessions of \(settings.apiToken.reveal())".utf8)
        key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: subject, using: master))
        self.clock = clock
    }

    /// A session that begins now.
    func open(for holder: Session.Holder) -> Session {
        Session(id: Self.draw(), expiresAt: clock.now + Self.lifetime, holder: holder)
    }

    /// The session whose cookie the request carries; nil when there is none, it is not ours, or it has expired.
    func session(of request: Request) -> Session? {
        guard let value = request.cookies[Self.cookieName]?.value else { return nil }
        let parts = value.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 5, let milliseconds = Int64(parts[1]), let holder = Session.Holder(parts[2...3])
        else { return nil }
        let session = Session(
            id: String(parts[0]),
            expiresAt: Moment(millisecondsSinceEpoch: milliseconds),
            holder: holder
        )
        guard Secret(text(of: session)).matches(value), session.expiresAt > clock.now else { return nil }
        return session
    }

    /// The cookie that a browser keeps the session in.
    func cookie(_ session: Session, overHTTPS: Bool) -> Cookie {
        Cookie(
            name: Self.cookieName,
            value: text(of: session),
            maxAge: Int((session.expiresAt - clock.now).inSeconds),
            path: "/",
            secure: overHTTPS,
            httpOnly: true,
            sameSite: .strict
        )
    }

    /// The cookie that makes a browser forget its session.
    func farewell(overHTTPS: Bool) -> Cookie {
        Cookie(
            name: Self.cookieName,
            value: "",
            maxAge: 0,
            path: "/",
            secure: overHTTPS,
            httpOnly: true,
            sameSite: .strict
        )
    }

    /// What every form sends along; no other site can know it, because it cannot read the pages of `holder`.
    ///
    /// A holder is the id of a session, or what was drawn for a browser that has yet to sign in.
    func formToken(for holder: String) -> Secret {
        Secret(signature("form of \(holder)"))
    }

    /// Text that nobody can guess.
    static func draw() -> String {
        SymmetricKey(size: .bits128).withUnsafeBytes { $0.hexDigits }
    }

    private func text(of session: Session) -> String {
        let facts = "\(session.id).\(session.expiresAt.millisecondsSinceEpoch).\(session.holder.text)"
        return "\(facts).\(signature("session \(facts)"))"
    }

    private func signature(_ text: String) -> String {
        HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key).hexDigits
    }
}

extension Session.Holder {
    /// Two numbers with a dot between: the user, 0 for the token, and the generation.
    fileprivate var text: String {
        switch self {
        case .token: "0.0"
        case .user(let id, let generation): "\(id).\(generation)"
        }
    }

    /// Reads the two numbers; nil when they are none.
    fileprivate init?(_ numbers: some Sequence<Substring>) {
        let numbers = numbers.compactMap { Int64($0) }
        guard numbers.count == 2 else { return nil }
        self =
            numbers[0] == 0
            ? .token : .user(UserID(rawValue: numbers[0]), generation: numbers[1])
    }
}
