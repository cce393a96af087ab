package import Groundwork

/// Uploads files again that enabled templates refer to, before suppliers forget them.
package struct MediaRenewal: Sendable {
    /// What one round did.
    package struct Round: Hashable, Sendable {
        /// Copies that are fresh again.
        package var renewed = 0
        /// The accounts and files of those that could not be uploaded, and why.
        package var failed: [String] = []
    }

    /// A copy that ends sooner is uploaded again, unless the settings say otherwise.
    package static let usualMargin = Duration.seconds(12 * 3_600)
    private static let page = 200

    private let templates: any TemplateStore
    private let copies: any MediaCopyStore
    private let directory: SupplierDirectory
    private let keeper: MediaKeeper
    /// A copy that ends sooner is uploaded again; messages go on with the old one until then.
    private let margin: Duration
    private let clock: any WallClock

    package init(
        templates: any TemplateStore,
        copies: any MediaCopyStore,
        directory: SupplierDirectory,
        keeper: MediaKeeper,
        margin: Duration = usualMargin,
        clock: any WallClock
    ) {
        self.templates = templates
        self.copies = copies
        self.directory = directory
        self.keeper = keeper
        self.margin = margin
        self.clock = clock
    }

    /// Looks at all copies that are in use, once.
    ///
    /// - Throws: `StoreError` when a store does not answer.
    package func run() async throws(StoreError) -> Round {
        var round = Round()
        let roster = try await directory.current()
        let used = try await filesInUse().sorted()
        guard !used.isEmpty else { return round }
        for start in stride(from: 0, to: used.count, by: Self.page) {
            let files = Array(used[start..<min(start + Self.page, used.count)])
            for copy in try await copies.mediaCopies(of: files) {
                guard !Task.isCancelled else { return round }
                guard let reference = copy.reference, !reference.lasts(margin, after: clock.now),
                    let entry = roster.entry(copy.account), entry.account.isEnabled
                else { continue }
                do throws(Refusal) {
                    try await keeper.renew(copy.media, at: entry, lasting: margin)
                    round.renewed += 1
                } catch {
                    let name = "\(entry.account.name) \(MediaReference.text(copy.media))"
                    round.failed.append("\(name): \(error.code)")
                }
            }
        }
        return round
    }

    private func filesInUse() async throws(StoreError) -> Set<MediaID> {
        var used: Set<MediaID> = []
        var last: TemplateID?
        while true {
            let page = try await templates.templates(after: last, limit: Self.page)
            for template in page {
                if let version = template.sendable {
                    used.formUnion(MediaReference.all(in: version.draft.content))
                }
            }
            guard page.count == Self.page, let id = page.last?.id else { return used }
            last = id
        }
    }
}
