import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore
import People
import PushEngine
import Scheduler

/// What a caller is told of an error: the one place where errors become a status and a code.
///
/// Only what somebody said about the call itself is repeated; what went wrong inside stays in the log.
struct ErrorAnswer {
    let status: HTTPTypes.HTTPResponse.Status
    /// The stable word for programs.
    let code: String
    /// What is wrong, and what would be right.
    let message: String
    /// The field at fault, in the caller's spelling.
    var field: String?
    /// The row of a file at fault.
    var row: Int64?
    /// Every fault, where there is more than one.
    var faults: [FieldFault] = []
    /// What else the answer holds.
    var more = WireObject()
    var headers: HTTPFields = [:]

    init(
        _ status: HTTPTypes.HTTPResponse.Status,
        _ code: String,
        _ message: String,
        field: String? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.field = field.flatMap { $0.isEmpty ? nil : $0 }
        // Whoever gets this is to come again, and not at once together with all others.
        if status == .serviceUnavailable { headers[.retryAfter] = Self.pause }
    }

    /// Seconds until a call that cannot be served now is worth another try.
    private static let pause = "2"

    /// Chooses the answer to an error.
    init(_ error: any Error) {
        switch error {
        case let error as InputFault:
            self.init(
                .badRequest,
                error.code.rawValue,
                Self.sentence(error.field, error.message),
                field: error.field
            )
        case let error as SendFault: self.init(error)
        case let error as SendRefusal:
            self.init(error.fault)
            more = error.more
        case let error as CampaignFault: self.init(error)
        case let error as CatalogueFault: self.init(error)
        case let error as SchedulerError: self.init(error)
        case let error as PeopleError: self.init(error)
        case let error as Forbidden: self.init(.forbidden, "forbidden", error.reason)
        case let error as StoreError: self.init(error)
        case let error as CrowdFileError: self.init(error)
        case let error as SupplierError: self.init(error)
        case let error as NIOTooManyBytesError: self = .tooLarge(limit: error.maxBytes)
        case is Unauthorized:
            self.init(.unauthorized, "unauthorized", "show the API token as Authorization: Bearer TOKEN")
            headers[.wwwAuthenticate] = "Bearer realm=\"kpush\""
        case KeyFault.underWay:
            self.init(.conflict, "in_progress", "the call with this Idempotency-Key is being made; ask again")
            headers[.retryAfter] = Self.pause
        case KeyFault.taken:
            let why = "this Idempotency-Key is another call's: use a new key for another method, path or body"
            self.init(.unprocessableContent, "key_taken", why)
        case let error as MethodNotAllowed:
            self.init(.methodNotAllowed, "method_not_allowed", "this path takes \(error.list)")
            headers[.allow] = error.list
        case let error as Hummingbird.HTTPError:
            self.init(error.status, Self.word(error.status), error.body ?? error.status.reasonPhrase)
        default: self = .internalFault
        }
    }

    /// Whether it is not the caller's doing.
    var isOurs: Bool { status.kind == .serverError }

    func response(trace: String) -> Response {
        var json: WireObject = ["code": .text(code), "message": .text(message)]
        if let field { json.append("field", .text(field)) }
        if let row { json.append("row", .integer(row)) }
        if faults.count > 1 {
            let all = faults.map {
                WireValue.object(["field": .text($0.field), "message": .text($0.reason)])
            }
            json.append("faults", .list(all))
        }
        for member in more.members { json.append(member.key, member.value) }
        json.append("traceId", .text(trace))
        var response = Answer(json, status: status).response()
        response.headers.append(contentsOf: headers)
        return response
    }

    private static func tooLarge(limit: Int?) -> ErrorAnswer {
        let most = limit.map { "; at most \($0) bytes" } ?? ""
        return ErrorAnswer(.contentTooLarge, "too_large", "the body is too large\(most)")
    }

    private static let internalFault = ErrorAnswer(
        .internalServerError,
        "internal",
        "something went wrong here; the log tells more under the traceId"
    )

    private static let unavailable = ErrorAnswer(
        .serviceUnavailable,
        "unavailable",
        "a store does not answer; try again"
    )

    private static func sentence(_ field: String, _ reason: String) -> String {
        field.isEmpty ? reason : "\(field) \(reason)"
    }

    private static func word(_ status: HTTPTypes.HTTPResponse.Status) -> String {
        status.reasonPhrase.lowercased().replacing(" ", with: "_")
    }
}

extension ErrorAnswer {
    private init(_ error: SendFault) {
        let status: HTTPTypes.HTTPResponse.Status =
            switch error.code {
            case .badParams, .tooManyReceivers, .variableMissing, .badReceiver: .badRequest
            case .templateMissing: .notFound
            case .templateNotSendable, .campaignStopped: .conflict
            case .unavailable: .serviceUnavailable
            }
        self.init(status, error.code.rawValue, error.message, field: error.field)
    }

    private init(_ error: CampaignFault) {
        switch error {
        case .invalid(let field, let reason):
            self.init(.badRequest, "invalid", Self.sentence(field, reason), field: field)
        case .notFound: self.init(.notFound, "not_found", error.description)
        case .conflict(let why): self.init(.conflict, "conflict", why)
        case .unavailable: self = .unavailable
        }
    }

    private init(_ error: CatalogueFault) {
        switch error {
        case .invalid(let field, let reason):
            self.init(.badRequest, "invalid", Self.sentence(field, reason), field: field)
        case .notFound: self.init(.notFound, "not_found", error.description)
        case .conflict(let why): self.init(.conflict, "conflict", why)
        case .unavailable: self = .unavailable
        }
    }

    private init(_ error: SchedulerError) {
        switch error {
        case .invalid(let faults):
            self.init(.badRequest, "invalid", error.description, field: faults.first?.field)
            self.faults = faults
        case .notFound: self.init(.notFound, "not_found", error.description)
        case .conflict(let why): self.init(.conflict, "conflict", why)
        case .executor(let why): self.init(.badGateway, "executor", why)
        case .store(let error): self.init(error)
        }
    }

    private init(_ error: PeopleError) {
        switch error {
        case .invalid(let field, let reason):
            self.init(.badRequest, "invalid", Self.sentence(field, reason), field: field)
        case .notFound: self.init(.notFound, "not_found", error.description)
        case .conflict(let why): self.init(.conflict, "conflict", why)
        case .busy: self.init(.serviceUnavailable, "busy", error.description)
        case .store(let error): self.init(error)
        }
    }

    private init(_ error: StoreError) {
        switch error.code {
        case .notFound:
            self.init(.notFound, "not_found", Self.sentence(error.operation, "found no such thing"))
        case .conflict:
            let why = error.detail.isEmpty ? "\(error.operation): changed meanwhile" : error.detail
            self.init(.conflict, "conflict", why)
        case .full: self.init(.init(code: 507), "full", "the disk or the quota is full")
        case .unavailable, .staleToken: self = .unavailable
        case .corrupted: self = .internalFault
        }
    }

    private init(_ error: CrowdFileError) {
        switch error {
        case .unreadable(let error): self.init(error)
        case .changed: self.init(.conflict, error.code, error.description)
        case .noGoodRows(let first):
            self.init(.unprocessableContent, error.code, error.description)
            row = first.row
        case .headerMissing, .headerUnreadable, .headerDuplicate, .tooManyColumns, .recipientMissing,
            .variablesMissing, .unsupported, .empty, .noRows:
            self.init(.unprocessableContent, error.code, error.description, field: error.column)
        }
    }

    private init(_ error: SupplierError) {
        switch error {
        case .malformed(let detail): self.init(.badRequest, "malformed", detail)
        case .notGenuine: self.init(.forbidden, "not_genuine", "the signature is wrong")
        case .notOffered: self.init(.notFound, "not_offered", "the supplier posts nothing here")
        case .unavailable, .refused, .tooLate: self = .unavailable
        }
    }
}

extension CrowdFileError {
    /// The part of the file at fault, where it has a name.
    fileprivate var column: String? {
        switch self {
        case .headerDuplicate(let names), .variablesMissing(let names): names.first
        case .recipientMissing: "userId"
        case .headerMissing, .headerUnreadable, .tooManyColumns: "header"
        default: nil
        }
    }
}

/// The call showed no token, or a wrong one.
struct Unauthorized: Error {}

/// A call of the send API of which nothing was taken on: the first reason, and what the answer tells of all.
struct SendRefusal: Error {
    let fault: SendFault
    let more: WireObject
}
