import Foundation
package import Groundwork

/// A file that a content links to.
package struct LinkedFile: Hashable, Sendable {
    /// The last part of its address, its escapes resolved; empty when there is none.
    package let name: String
    /// What its server says it is, without parameters; `application/octet-stream` when it does not say.
    package let type: String
    package let bytes: [UInt8]

    package init(name: String, type: String, bytes: [UInt8]) {
        self.name = name
        self.type = type
        self.bytes = bytes
    }
}

/// Why a linked file cannot be had.
package enum LinkedFileFault: Error, Hashable, Sendable {
    /// The link is none, or leads where it must not lead.
    case badLink(String)
    /// Its server has no such file, and answered with this status.
    case missing(status: Int)
    case tooLarge
    /// Its server does not answer now.
    case unavailable(String)
}

/// Fetches the files that contents link to, such as attachments, for all adapters of a process.
///
/// The links are chosen by whoever writes contents: the client that is handed in has to keep out of networks that are
/// not public. A campaign sends the same file to everybody: one that was fetched is kept for a minute, and all who want
/// it at once wait for the same call.
package actor LinkedFiles {
    private struct Kept {
        let file: LinkedFile
        let until: Moment
    }

    /// The most bytes of a file.
    package static let sizeLimit = 10 << 20
    /// The most bytes of all that are kept.
    private static let room = 64 << 20
    private static let keptFor = Duration.seconds(60)
    /// A call to a supplier has to be over in good time, and its files come first.
    private static let timeouts = HTTPTimeouts(connect: .seconds(3), total: .seconds(6))

    private let http: any HTTPClient
    private let clock: any WallClock
    private var kept: [String: Kept] = [:]
    private var coming: [String: Task<Result<LinkedFile, LinkedFileFault>, Never>] = [:]

    package init(http: any HTTPClient, clock: any WallClock) {
        self.http = http
        self.clock = clock
    }

    /// The file at an address.
    ///
    /// - Parameter url: an absolute `http` or `https` address.
    /// - Returns: the file, which may be a minute old.
    /// - Throws: `LinkedFileFault` when it cannot be had.
    package func file(at url: String) async throws(LinkedFileFault) -> LinkedFile {
        let now = clock.now
        kept = kept.filter { $0.value.until > now }
        if let found = kept[url] { return found.file }
        if let coming = coming[url] { return try await coming.value.get() }
        // Whoever wants the file waits for it; it ends with the call's time at the latest.
        let task = Task { [http] in await Self.fetch(url, over: http) }
        coming[url] = task
        let result = await task.value
        coming[url] = nil
        let file = try result.get()
        if kept.values.reduce(file.bytes.count, { $0 + $1.file.bytes.count }) <= Self.room {
            kept[url] = Kept(file: file, until: clock.now + Self.keptFor)
        }
        return file
    }

    private static func fetch(
        _ url: String,
        over http: any HTTPClient
    ) async -> Result<LinkedFile, LinkedFileFault> {
        do throws(HTTPError) {
            let response = try await http.send(HTTPRequest(method: "GET", url: url, timeouts: timeouts))
            switch response.status {
            case 200 where response.body.count > sizeLimit: return .failure(.tooLarge)
            case 200: return .success(file(at: url, response))
            case 408, 425, 429, 500...599: return .failure(.unavailable("http status \(response.status)"))
            default: return .failure(.missing(status: response.status))
            }
        } catch {
            switch error.code {
            case .badURL, .addressRefused: return .failure(.badLink(error.detail))
            case .tooLarge: return .failure(.tooLarge)
            default: return .failure(.unavailable(error.description))
            }
        }
    }

    private static func file(at url: String, _ response: HTTPResponse) -> LinkedFile {
        let field = response.headers.first { $0.name == "content-type" }?.value ?? ""
        let type = field.prefix { $0 != ";" }.lowercased().trimming()
        let halves = type.split(separator: "/", omittingEmptySubsequences: false)
        let isType =
            halves.count == 2
            && halves.allSatisfy { half in
                !half.isEmpty
                    && half.utf8.allSatisfy { byte in
                        0x30...0x39 ~= byte || 0x61...0x7A ~= byte || "!#$&-^_.+".utf8.contains(byte)
                    }
            }
        return LinkedFile(
            name: name(in: url),
            type: isType ? type : "application/octet-stream",
            bytes: response.body
        )
    }

    private static func name(in url: String) -> String {
        let path = url.prefix { $0 != "?" && $0 != "#" }
        guard let start = path.range(of: "://")?.upperBound,
            let slash = path[start...].lastIndex(of: "/")
        else { return "" }
        return path[path.index(after: slash)...].removingPercentEncoding ?? ""
    }
}
