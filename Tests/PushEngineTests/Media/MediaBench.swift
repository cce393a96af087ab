import CurlDriver
import Groundwork
import Logging
import SQLiteDriver
import SupplierSimulator
import Suppliers
import Synchronization
import TestKit
import Testing

@testable import PushEngine

/// A simulated WeCom, real stores, and keepers of media as several processes have them.
struct MediaBench {
    let books: SQLitePushStore
    let storage: FolderCrowdStorage
    let library: MediaLibrary
    let clock: ManualClock
    let entry: SupplierRoster.Entry
    /// What went over the wire, by path.
    let traffic: Traffic
    private let http: any HTTPClient
    private let url: String

    static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]

    /// Counts calls, and breaks those to one path where it is told to.
    final class Traffic: HTTPClient {
        private let client = CurlHTTPClient()
        private let counts = Mutex<[String: Int]>([:])
        private let broken = Mutex<String?>(nil)

        func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
            let path = request.url.split(separator: "?")[0].split(separator: "/").suffix(2)
                .joined(separator: "/")
            counts.withLock { $0[path, default: 0] += 1 }
            if broken.withLock({ $0 == path }) { return HTTPResponse(status: 503) }
            return try await client.send(request)
        }

        subscript(path: String) -> Int { counts.withLock { $0[path] ?? 0 } }

        func breaks(_ path: String?) { broken.withLock { $0 = path } }

        func shutdown() { client.shutdown() }
    }

    static func use(_ body: (MediaBench) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let clock = ManualClock(Moment(secondsSinceEpoch: 1_894_680_000))
        let traffic = Traffic()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let books = try SQLitePushStore(
            path: folder.file("push.db"),
            clock: clock.calendar,
            calendar: BusinessCalendar(zone: PushBench.zone),
            sealer: AESSealer(key: AESSealer.newKey())
        )
        let service = SimulatorService(
            settings: SimulatorSettings(),
            http: traffic,
            clock: clock.calendar,
            logger: logger
        )
        try await whileRunning(service) {
            let url = try #require(await service.url)
            let setup = SimulatorCredentials.demo.setup(at: .weComApp)
            let forms = SupplierForms(SupplierCatalogue.forms)
            let account = try await books.putAccount(
                SupplierAccount(
                    id: AccountID(rawValue: 0),
                    name: "wecom",
                    kind: SupplierKind(rawValue: "wecom-app"),
                    channel: .weComApp,
                    url: "\(url)/wecom-app",
                    config: AccountConfig(setup.values, secrets: setup.secrets)
                )
            )
            let tools = SupplierTools(
                http: traffic,
                clock: clock.calendar,
                timeouts: HTTPTimeouts(connect: .seconds(300), total: .seconds(300))
            )
            let storage = FolderCrowdStorage(folder.file("media"))
            try await body(
                MediaBench(
                    books: books,
                    storage: storage,
                    library: MediaLibrary(store: books, storage: storage, forms: forms),
                    clock: clock,
                    entry: .init(account: account, supplier: forms.adapter(of: account, tools)),
                    traffic: traffic,
                    http: traffic,
                    url: url
                )
            )
        }
        traffic.shutdown()
    }

    /// The keeper of another process.
    func keeper() -> MediaKeeper {
        MediaKeeper(
            store: books,
            storage: storage,
            clock: clock.calendar,
            timer: ContinuousClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    func file(_ name: String = "logo.png", _ bytes: [UInt8] = Self.png) async throws -> MediaFile {
        try await library.take(name: name, as: .image, for: .weComApp, by: "ann") { staged, _ in
            try await staged.append(bytes)
        }
    }

    func call(_ file: MediaID, to members: [String] = ["Zhao"]) -> SupplierCall {
        SupplierCall(
            requestKey: "k-1",
            recipients: members,
            contents: [#"{"sendType":"100","mediaId":"media:\#(file.rawValue)"}"#],
            contentIndex: members.map { _ in 0 }
        )
    }

    func send(_ call: SupplierCall, by keeper: MediaKeeper) async throws(Refusal) -> SupplierReply {
        try await MediaCalls(keeper: keeper).send(call, to: entry) { true }
    }

    func order(_ path: String) async throws {
        #expect(try await http.send(HTTPRequest(url: url + path, body: Array("{}".utf8))).status == 200)
    }

    func accepted() async throws -> Int64? {
        let answer = try await http.send(HTTPRequest(method: "GET", url: url + "/_sim/stats"))
        return try WireValue(json: answer.body).object?["accepted"].wholeNumber
    }

    func copy(of file: MediaFile) async throws -> MediaCopy.Reference? {
        try await books.mediaCopies(of: [file.id]).first?.reference
    }
}
