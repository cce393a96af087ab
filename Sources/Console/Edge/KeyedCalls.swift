import Crypto
import Foundation
import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore
import People
import Scheduler

/// Makes a call with an `Idempotency-Key` once, however often it is sent; calls without one are made as they come.
struct KeyedCalls {
    let store: any IdempotencyStore
    let runs: RunService
    let clock: any WallClock

    private static let name = HTTPField.Name("Idempotency-Key")
    private static let lengths = 1...255

    /// What `handler` answers, made once for each key.
    func once(
        _ handler: @escaping @Sendable (Call) async throws -> Answer
    ) -> @Sendable (Call) async throws -> Answer {
        { call in
            guard let key = try Self.key(of: call) else { return try await handler(call) }
            let bytes = try await call.bytes(upTo: Call.bodyLimit)
            let request = call.request
            let digest = Self.digest(
                of: call.context.caller?.user,
                request.method.rawValue,
                request.uri.path,
                bytes
            )
            let keyed = KeyedCall(key: key, digest: digest)
            switch try await store.begin(keyed, at: clock.now) {
            case .begun: break
            case .answered(let answer):
                call.context.note.drop()
                return try Answer(answer)
            case .triggered(let ids):
                return try await answer(ids, to: key, call.context.note)
            case .underWay: throw KeyFault.underWay
            case .taken: throw KeyFault.taken
            }
            return try await make(call.with(bytes, key: key), handler)
        }
    }

    private func make(_ call: Call, _ handler: (Call) async throws -> Answer) async throws -> Answer {
        let key = call.idempotencyKey ?? ""
        do {
            let answer = try await handler(call)
            try await store.finish(key, with: answer.kept)
            return answer
        } catch {
            // A refusal changed nothing. What went wrong here may have been done: that shows when the call comes again.
            if !ErrorAnswer(error).isOurs { try await store.forget(key) }
            throw error
        }
    }

    /// The answer that got lost, of a call that added runs and was not written into the audit trail yet.
    private func answer(_ ids: [RunID], to key: String, _ note: AuditNote) async throws -> Answer {
        var found: [JobRun] = []
        for id in ids { found.append(try await runs.run(id)) }
        note.tell(found)
        let answer = Answer(["items": .objects(found.map(\.json))], status: .accepted)
        try await store.finish(key, with: answer.kept)
        return answer
    }

    private static func key(of call: Call) throws(InputFault) -> String? {
        guard let name, let key = call.request.headers[name] else { return nil }
        guard lengths.contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw InputFault(.outOfRange, field: name.rawName, "must be 1 to 255 visible ASCII characters")
        }
        return key
    }

    /// What tells one call from another.
    static func digest(of user: UserID?, _ method: String, _ path: String, _ body: [UInt8]) -> String {
        var hash = SHA256()
        // Nobody is answered what another has asked for.
        if let user { hash.update(data: Array("\(user)\n".utf8)) }
        hash.update(data: Array("\(method) \(path)\n".utf8))
        hash.update(data: body)
        return hash.finalize().hexDigits
    }
}

/// Why a call with a key is not made.
enum KeyFault: Error {
    /// The same call is being made.
    case underWay
    /// The key is another call's.
    case taken
}

extension Answer {
    fileprivate var kept: KeptAnswer {
        KeptAnswer(status: status.code, location: location, body: String(decoding: json.json, as: UTF8.self))
    }

    fileprivate init(_ kept: KeptAnswer) throws {
        var scanner = JSONScanner(Array(kept.body.utf8))
        guard let object = try WireValue(next: &scanner).object else {
            throw StoreError(.corrupted, during: "read answer of call")
        }
        self.init(object, status: .init(code: kept.status), location: kept.location)
    }
}
