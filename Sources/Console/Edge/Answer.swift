import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore

/// An answer in JSON.
struct Answer: ResponseGenerator {
    let status: HTTPTypes.HTTPResponse.Status
    let json: WireValue
    /// Where what was made can be asked for.
    let location: String?

    init(_ object: WireObject, status: HTTPTypes.HTTPResponse.Status = .ok, location: String? = nil) {
        json = .object(object)
        self.status = status
        self.location = location
    }

    /// What was just made, and where it is.
    static func created(_ object: WireObject, at location: String) -> Answer {
        Answer(object, status: .created, location: location)
    }

    /// Some entries of a list, and where the next page goes on; nil when this is the last.
    static func page(_ items: [WireObject], next: WireValue = .null) -> Answer {
        Answer(["items": .list(items.map(WireValue.object)), "next": next])
    }

    /// Entries that were read with a limit: the page is full when it has so many.
    static func page<Element>(
        _ items: [Element],
        limit: Int,
        next: (Element) -> WireValue,
        _ json: (Element) -> WireObject
    ) -> Answer {
        page(items.map(json), next: items.count < limit ? .null : items.last.map(next) ?? .null)
    }

    func response(from request: Request, context: some RequestContext) -> Response { response() }

    func response() -> Response {
        var headers: HTTPFields = [.contentType: "application/json;charset=UTF-8"]
        headers[.location] = location
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.json))
        )
    }
}

/// An answer without a body.
struct NoContent: ResponseGenerator {
    func response(from request: Request, context: some RequestContext) -> Response {
        Response(status: .noContent)
    }
}
