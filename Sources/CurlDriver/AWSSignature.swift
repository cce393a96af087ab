package import Groundwork

/// What a request is signed with for a store that speaks S3's protocol (AWS signature version 4).
///
/// libcurl signs every field that it is given and takes the path and the query as they are: the caller gives a path
/// of unreserved characters, a query that is sorted, escaped and has a `=` in every part, and
/// `x-amz-content-sha256`, which libcurl 7.88 does not add. A request with a body names its `Content-Type`: to have
/// libcurl leave out its own would make 7.88 sign a field that is never written.
package struct AWSSignature: Sendable, Hashable {
    package var region: String
    package var accessKey: String
    package var secretKey: Secret

    package init(region: String, accessKey: String, secretKey: Secret) {
        self.region = region
        self.accessKey = accessKey
        self.secretKey = secretKey
    }
}
