import HTTPTypes
import Hummingbird

/// The path is there, and knows other methods than the call's.
struct MethodNotAllowed: Error {
    let allowed: [HTTPTypes.HTTPRequest.Method]

    /// As the `Allow` header says it.
    var list: String { allowed.map(\.rawValue).joined(separator: ", ") }
}

extension Router where Context == ConsoleContext {
    /// Makes every path that is known by now refuse the methods it does not know, and name those it does.
    func refuseOtherMethods() {
        let methods = routes.reduce(into: [:]) { known, route in
            known[route.path.description, default: (route.path, [])].1.append(route.method)
        }
        for (path, allowed) in methods.values {
            for method in Self.methods where !allowed.contains(method) {
                on(path, method: method) { _, _ -> Response in throw MethodNotAllowed(allowed: allowed) }
            }
        }
    }

    private static var methods: [HTTPTypes.HTTPRequest.Method] {
        [.get, .head, .post, .put, .patch, .delete, .options]
    }
}
