import Foundation
import Groundwork
import Synchronization

/// One conversation of the simulated mail server: what it says to each line.
struct SMTPSession {
    /// What is done about a line.
    enum Step: Equatable {
        case say(String)
        /// The same, after so many milliseconds.
        case sayLater(String, Int)
        /// The connection is closed, after something was said or not.
        case close(String?)
        /// Nothing is said any more.
        case silence
        case nothing
    }

    private enum State {
        case greeted
        case signingIn(user: String?)
        case ready
        case sender
        case recipient(String)
        case message(String)
    }

    private let simulation: Simulation
    private let account: SimulatorCredentials.Account
    private var state = State.greeted
    private var hasSaidHello = false
    private var usesNextKey = false
    private var course: CallCourse?
    private var lines: [ArraySlice<UInt8>] = []
    private var size = 0

    /// The most bytes of a message.
    private static let sizeLimit = 20 << 20
    private static let commandLimit = 1_024

    init(_ simulation: Simulation, account: SimulatorCredentials.Account) {
        self.simulation = simulation
        self.account = account
    }

    /// What is said first.
    var greeting: Step {
        let isDown = simulation.world.withLock { $0.isDown(.smtp) }
        return isDown ? .close("421 4.3.2 not now") : .say("220 mail.simulated.example ESMTP")
    }

    /// Takes a line, without its end.
    mutating func take(_ line: ArraySlice<UInt8>) -> Step {
        switch state {
        case .message(let recipient): return take(messageLine: line, recipient)
        case .signingIn(let user): return take(credential: line, user)
        default: break
        }
        guard line.count <= Self.commandLimit, line.allSatisfy({ 0x20...0x7E ~= $0 }) else {
            return .say("500 5.5.2 not a command")
        }
        let text = String(decoding: line, as: UTF8.self)
        let word = text.prefix { $0 != " " }.uppercased()
        let rest = text.dropFirst(word.count).drop { $0 == " " }
        switch word {
        case "EHLO": return hello(rest)
        case "NOOP": return .say("250 2.0.0 ok")
        case "QUIT": return .close("221 2.0.0 bye")
        case "RSET":
            if case .greeted = state {} else { state = .ready }
            return .say("250 2.0.0 ok")
        case "AUTH": return signIn(rest)
        case "MAIL": return sender(rest)
        case "RCPT": return recipient(rest)
        case "DATA": return data()
        default: return .say("502 5.5.1 not known")
        }
    }

    private mutating func hello(_ name: Substring) -> Step {
        guard !name.isEmpty else { return .say("501 5.5.4 who?") }
        hasSaidHello = true
        let offers = ["mail.simulated.example", "SIZE \(Self.sizeLimit)", "8BITMIME", "AUTH PLAIN LOGIN"]
        let lines = offers.map { "250-\($0)\r\n" } + ["250 ENHANCEDSTATUSCODES"]
        return .say(lines.joined())
    }

    private mutating func signIn(_ rest: Substring) -> Step {
        guard case .greeted = state, hasSaidHello else { return .say("503 5.5.1 not now") }
        let words = rest.split(separator: " ")
        switch (words.first?.uppercased(), words.count) {
        case ("PLAIN", 2): return finish(plain: words[1])
        case ("PLAIN", 1):
            state = .signingIn(user: nil)
            return .say("334 ")
        case ("LOGIN", 1):
            state = .signingIn(user: "")
            return .say("334 VXNlcm5hbWU6")
        default: return .say("504 5.5.4 not known")
        }
    }

    /// Takes a part of the credentials: all of them, or the user and then the password.
    private mutating func take(credential line: ArraySlice<UInt8>, _ user: String?) -> Step {
        let text = String(decoding: line, as: UTF8.self)
        state = .greeted
        guard let user else { return finish(plain: text[...]) }
        guard let part = Self.decoded(text) else { return .say("501 5.5.2 not base64") }
        guard user.isEmpty else { return finish(user, part) }
        state = .signingIn(user: part)
        return .say("334 UGFzc3dvcmQ6")
    }

    private mutating func finish(plain text: Substring) -> Step {
        let parts = Self.decoded(String(text))?.split(separator: "\0", omittingEmptySubsequences: false) ?? []
        guard parts.count == 3 else { return .say("501 5.5.2 not base64") }
        return finish(String(parts[1]), String(parts[2]))
    }

    private mutating func finish(_ user: String, _ password: String) -> Step {
        let key = [account.key, account.nextKey].first { $0.accessKey == user }
        let isRevoked = simulation.world.withLock { $0.revokedKeys.contains(user) }
        guard let key, !isRevoked, key.secretKey.matches(password) else {
            simulation.world.withLock { $0.refuse("535", of: .smtp) }
            return .say("535 5.7.8 the credentials are wrong")
        }
        usesNextKey = key == account.nextKey
        state = .ready
        return .say("235 2.7.0 welcome")
    }

    private static func decoded(_ text: String) -> String? {
        Data(base64Encoded: text).flatMap { String(validating: $0, as: UTF8.self) }
    }

    private mutating func sender(_ rest: Substring) -> Step {
        if case .greeted = state { return .say("530 5.7.0 sign in first") }
        guard case .ready = state else { return .say("503 5.5.1 not now") }
        let words = rest.split(separator: " ")
        guard let path = words.first, path.uppercased().hasPrefix("FROM:<"), path.hasSuffix(">") else {
            return .say("501 5.5.4 not a sender")
        }
        let size = words.dropFirst().first { $0.uppercased().hasPrefix("SIZE=") }
            .flatMap { Int($0.dropFirst(5)) }
        guard size ?? 0 <= Self.sizeLimit else {
            simulation.world.withLock { $0.refuse("552", of: .smtp) }
            return .say("552 5.3.4 too large")
        }
        state = .sender
        return .say("250 2.1.0 ok")
    }

    private mutating func recipient(_ rest: Substring) -> Step {
        if case .recipient = state { return .say("452 4.5.3 one recipient a message") }
        guard case .sender = state else { return .say("503 5.5.1 not now") }
        guard rest.uppercased().hasPrefix("TO:<"), rest.hasSuffix(">"), rest.contains("@") else {
            return .say("501 5.1.3 not a recipient")
        }
        let address = String(rest.dropFirst(4).dropLast())
        let number = RecipientNumber.of(address)
        let now = simulation.clock.now
        let (refusal, course) = simulation.world.withLock { world -> (String?, CallCourse) in
            _ = world.admit("send", [], of: .smtp, at: now)
            let course = world.course(of: CollectionOfOne(number), at: .smtp)
            let refusal = Self.refusal(world.script(of: number), course) ?? world.grey(address, at: now)
            if let refusal { world.refuse(String(refusal.prefix(3)), of: .smtp) }
            return (refusal, course)
        }
        if let refusal { return .say(refusal) }
        self.course = course
        state = .recipient(address)
        return .say("250 2.1.5 ok")
    }

    private static func refusal(_ script: RecipientScript?, _ course: CallCourse) -> String? {
        switch (script, course.ending) {
        case (.badRecipient, _): "550 5.1.1 no such user"
        case (.throttled, _): "450 4.2.1 the user gets mail too quickly"
        case (_, .throttled): "451 4.7.1 too much mail"
        case (_, .serverError): "451 4.3.0 a fault of ours"
        default: nil
        }
    }

    private mutating func data() -> Step {
        guard case .recipient(let address) = state else { return .say("503 5.5.1 not now") }
        guard course?.ending != .reset else { return .close(nil) }
        state = .message(address)
        (lines, size) = ([], 0)
        return .say("354 go on")
    }

    private mutating func take(messageLine line: ArraySlice<UInt8>, _ recipient: String) -> Step {
        guard line.elementsEqual(CollectionOfOne(UInt8(ascii: "."))) else {
            let text = line.first == UInt8(ascii: ".") ? line.dropFirst() : line
            size += line.count + 2
            if size <= Self.sizeLimit { lines.append(text) }
            return .nothing
        }
        state = .ready
        let now = simulation.clock.now
        let entry: UInt32
        do throws(SimulatedRefusal) {
            guard size <= Self.sizeLimit else { throw SimulatedRefusal("552 5.3.4", "too large") }
            let message = try SMTPMessage(lines, to: recipient)
            let usesNextKey = usesNextKey
            entry = simulation.world.withLock { world in
                world.accept(
                    [World.Message(to: recipient, contentHash: message.contentHash)],
                    by: .smtp,
                    usedNextKey: usesNextKey,
                    key: Array(message.id.utf8)[...],
                    at: now
                )
            }
        } catch {
            simulation.world.withLock { $0.refuse(String(error.code.prefix(3)), of: .smtp) }
            return .say("\(error.code) \(error.message)")
        }
        simulation.ringForPosts()
        let reply = "250 2.0.0 queued as SIM\(entry)"
        switch course?.ending {
        case .withheld: return .silence
        case .truncated, .badGateway: return .close(nil)
        default: return .sayLater(reply, course?.delay ?? 0)
        }
    }
}

extension World {
    /// Makes a stranger wait whose address begins with `grey`: the first time, and for five minutes after it.
    fileprivate mutating func grey(_ address: String, at now: Moment) -> String? {
        guard address.hasPrefix("grey") else { return nil }
        let first = greyed[address] ?? now
        greyed[address] = first
        return now - first >= .seconds(300) ? nil : "450 4.2.0 not known yet, try again in five minutes"
    }
}
