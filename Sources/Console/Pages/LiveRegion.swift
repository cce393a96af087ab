import Groundwork
import HTTPTypes

/// A part of a page that is sent again whenever it has changed.
struct LiveRegion: EventFeed {
    /// What there is to see at one moment.
    struct Snapshot: Sendable {
        let model: any Sendable
        /// For programs; the page takes the HTML.
        var facts = WireObject()
        /// Whether nothing will change any more.
        var isOver = false
    }

    /// How often is looked.
    static let interval = Duration.seconds(1)
    /// After so many looks at the same thing the page is told that it is up to date.
    static let beatEvery = 5

    /// The partial template that shows the region.
    private let template: String
    private let visit: Visit
    private let renderer: PageRenderer
    private let clock: any WallClock
    private let look: @Sendable (Visit) async throws -> Snapshot

    init(
        _ template: String,
        for visit: Visit,
        renderer: PageRenderer,
        clock: any WallClock,
        look: @escaping @Sendable (Visit) async throws -> Snapshot
    ) {
        self.template = template
        self.visit = visit
        self.renderer = renderer
        self.clock = clock
        self.look = look
    }

    @concurrent
    func run(into stream: inout EventStream) async throws {
        var shown: String?
        var looks = 0
        while true {
            switch await seen() {
            case .success(let seen):
                if seen.html != shown {
                    var told = seen.facts
                    told.append("at", .integer(clock.now.millisecondsSinceEpoch))
                    told.append("html", .text(seen.html))
                    try await stream.send("snapshot", told)
                    (shown, looks) = (seen.html, 0)
                } else if looks.isMultiple(of: Self.beatEvery) {
                    try await stream.send("beat")
                }
                if seen.isOver { return try await stream.send("end") }
            case .failure(let trouble):
                try await stream.send("trouble", ["message": .text(trouble.cause)])
                shown = nil
                if trouble.status == .notFound { return try await stream.send("end") }
            }
            looks += 1
            try await stream.pause(Self.interval)
        }
    }

    private func seen() async -> Result<(html: String, facts: WireObject, isOver: Bool), Trouble> {
        var visit = visit
        visit.say.now = clock.now
        do {
            let snapshot = try await look(visit)
            let html = try renderer.part(template, snapshot.model, for: visit)
            return .success((html, snapshot.facts, snapshot.isOver))
        } catch {
            return .failure(Trouble(error))
        }
    }
}
