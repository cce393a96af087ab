package import Groundwork

/// Where files lie in a store that speaks S3's protocol, and as whom they are asked for.
package struct S3Place: Sendable, Hashable {
    /// The store's URL, such as `https://s3.eu-west-1.amazonaws.com`, without a slash at the end.
    package let endpoint: String
    package let region: String
    package let bucket: String
    /// What the names of all files begin with; empty, or ends with a slash.
    package private(set) var prefix: String
    package let accessKey: String
    package let secretKey: Secret

    /// Makes a place; nil when a part of it cannot be one.
    ///
    /// - Parameters:
    ///   - location: `s3://BUCKET` or `s3://BUCKET/PREFIX`, of letters, digits and `-._`.
    ///   - endpoint: the store's URL; nil takes that of Amazon's region.
    ///   - region: the region that requests are signed for.
    ///   - accessKey: the public part of the key.
    ///   - secretKey: the secret part.
    package init?(
        _ location: String,
        endpoint: String?,
        region: String,
        accessKey: String,
        secretKey: Secret
    ) {
        let scheme = "s3://"
        guard location.hasPrefix(scheme) else { return nil }
        let parts = location.dropFirst(scheme.count).split(separator: "/", maxSplits: 1)
        let prefix = parts.count > 1 ? parts[1].split(separator: "/") : []
        guard let bucket = parts.first, !location.dropFirst(scheme.count).hasPrefix("/"),
            ([bucket, Substring(region)] + prefix).allSatisfy(Self.isPlain)
        else { return nil }
        var endpoint = endpoint ?? "https://s3.\(region).amazonaws.com"
        while endpoint.hasSuffix("/") { endpoint.removeLast() }
        guard endpoint.hasPrefix("http://") || endpoint.hasPrefix("https://") else { return nil }
        self.endpoint = endpoint
        self.region = region
        self.bucket = String(bucket)
        self.prefix = prefix.map { $0 + "/" }.joined()
        self.accessKey = accessKey
        self.secretKey = secretKey
    }

    /// A folder in this place; `name` is plain.
    package func folder(_ name: String) -> S3Place {
        var place = self
        place.prefix += name + "/"
        return place
    }

    /// The URL of a file, the bucket being a part of the path.
    func url(of name: String, query: String = "") -> String {
        "\(endpoint)/\(bucket)/\(prefix)\(name)" + (query.isEmpty ? "" : "?" + query)
    }

    /// Whether a part of a path means the same escaped and unescaped, and is no step up.
    private static func isPlain(_ part: Substring) -> Bool {
        let isUsed = part.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
        return !part.isEmpty && part != "." && part != ".." && isUsed
    }
}
