import Groundwork
import HTTPTypes
import Hummingbird
import Logging
import People

/// The console's pages and what their buttons do.
struct PageRoutes: Sendable {
    private let door: PageDoor
    private let parts: ConsoleParts

    /// Reads what the pages are made of.
    ///
    /// - Throws: `ConsoleError` when a part of them is missing or broken.
    init(_ parts: ConsoleParts, _ settings: ConsoleSettings) throws(ConsoleError) {
        self.parts = parts
        door = PageDoor(
            renderer: PageRenderer(library: try PageLibrary()),
            sessions: Sessions(settings, clock: parts.clock),
            parts: parts
        )
        signIn = SignInPages(token: settings.apiToken, door: door, desk: SignInDesk(parts.users))
        callbacks = ReceiptAddress(settings: settings)
    }

    private let signIn: SignInPages
    private let callbacks: ReceiptAddress

    func add(to router: Router<ConsoleContext>) {
        door.renderer.library.assets.add(to: router)
        signIn.add(to: router)
        let desks: [any PageDesk] = [
            OverviewPages(parts: parts, renderer: door.renderer),
            CampaignPages(parts: parts, renderer: door.renderer),
            JobPages(parts: parts),
            JobFormPages(parts: parts),
            JobHistoryPages(jobs: parts.jobs),
            BackfillPages(jobs: parts.jobs),
            RunPages(parts: parts, renderer: door.renderer),
            RunClearPages(runs: parts.runs, jobs: parts.jobs),
            ExecutorPages(parts: parts),
            MessagePages(parts: parts),
            TemplatePages(parts: parts),
            SuppressionPages(parts: parts),
            AccountPages(parts: parts, callbacks: callbacks),
            AustinPages(parts: parts),
            UserPages(users: parts.users),
            ProfilePages(users: parts.users, keys: parts.keys),
            AuditPages(trail: parts.trail, runs: parts.runs),
            ReconciliationPages(parts: parts),
        ]
        for desk in desks {
            for page in desk.pages {
                router.get(RouterPath(page.path)) { request, context in
                    await door.show(request, context, page.handler)
                }
            }
            for button in desk.buttons {
                router.post(RouterPath(button.path)) { request, context in
                    await door.press(request, context, button.handler)
                }
            }
        }
    }
}

/// The pages of one section of the console, and the buttons on them.
protocol PageDesk: Sendable {
    var pages: [PageRoute<PageAnswer>] { get }
    var buttons: [PageRoute<ButtonAnswer>] { get }
}

/// One address and what answers there.
struct PageRoute<Answer: Sendable>: Sendable {
    let path: String
    let handler: @Sendable (Visit) async throws -> Answer

    init(_ path: String, _ handler: @escaping @Sendable (Visit) async throws -> Answer) {
        self.path = path
        self.handler = handler
    }
}

/// What is shown at an address.
enum PageAnswer: Sendable {
    case page(Page)
    /// A template alone with what it shows, for a page that is open.
    case part(String, any Sendable)
    case stream(any EventFeed)
}

/// What a button did, and where to look now.
struct ButtonAnswer: Sendable {
    let path: String
    let query: [String: String]
    /// What is shown at once, where nothing has changed that a page could be looked at for, or it is shown only once.
    let page: Page?
    /// Whether anything was done.
    let isDone: Bool

    /// Makes the answer.
    ///
    /// - Parameters:
    ///   - path: the page to look at.
    ///   - query: what that page is to show.
    ///   - done: the word that says what was done, without `done-`.
    init(_ path: String, _ query: [String: String] = [:], done: String) {
        self.path = path
        self.query = query.merging(["done": done]) { $1 }
        page = nil
        isDone = true
    }

    /// Shows a page at once: nothing was changed, or what was made is shown only once.
    init(showing page: Page, isDone: Bool = false) {
        (path, query) = ("", [:])
        self.page = page
        self.isDone = isDone
    }
}
