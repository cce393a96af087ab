import Hummingbird

/// All doors, in one place.
enum ConsoleRouter {
    static func make(_ parts: ConsoleParts, _ settings: ConsoleSettings) -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/healthz") { _, _ in "ok\n" }
        return router
    }
}
