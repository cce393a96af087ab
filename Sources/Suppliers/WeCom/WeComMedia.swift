import Groundwork
import PushEngine

/// What WeCom takes as media, and for how long it has it.
///
/// developer.work.weixin.qq.com, path 90389: what is uploaded is there for three days.
enum WeComMedia {
    static let lifetime = Duration.seconds(3 * 86_400)

    static let ofApplications = [
        MediaRule(.image, sizes: 6...(10 << 20), formats: [.jpeg, .png]), voice, file,
        MediaRule(.video, sizes: 6...(10 << 20), formats: [.mp4]),
    ]

    /// Path 99110: pictures go in the message itself.
    static let ofRobots = [voice, file]

    private static let voice = MediaRule(.voice, sizes: 6...(2 << 20), formats: [.amr])
    private static let file = MediaRule(.file, sizes: 6...(20 << 20))
}

/// Uploads files of an application.
struct WeComMediaDoor: MediaDoor {
    let endpoint: SupplierEndpoint
    let calls: TokenedCalls

    func upload(_ media: MediaUpload) async throws(SupplierError) -> UploadedMedia {
        let form = MultipartForm(media, as: "media")
        let url = endpoint.url + "cgi-bin/media/upload"
        let exchange = await calls.make { token in
            form.request(
                to: "\(url)?access_token=\(PercentEncoding.encoded(token.reveal()))&type=\(media.type.name)"
            )
        } isRejected: { response in
            CodedAnswer(response).map { WeComCodes.rejectedToken.contains($0.code) } ?? false
        }
        return try UploadReply.media(
            in: exchange,
            lasting: WeComMedia.lifetime,
            refusal: WeComCodes.refusal
        )
    }

    func isMediaMissing(_ refusal: Refusal) -> Bool { refusal.code == UploadReply.missing }
}

/// Uploads files of a group's robot, which no other robot can name.
struct WeComRobotMediaDoor: MediaDoor {
    let webhook: RobotWebhook
    let tools: SupplierTools

    func upload(_ media: MediaUpload) async throws(SupplierError) -> UploadedMedia {
        let form = MultipartForm(media, as: "media")
        guard let url = webhook.upload(type: media.type.name) else {
            throw .refused(Refusal(.badConfig, code: "kpush.webhook_form"))
        }
        let exchange = await SupplierExchange.make(form.request(to: url.reveal()), over: tools.http)
        return try UploadReply.media(
            in: exchange,
            lasting: WeComMedia.lifetime,
            refusal: WeComRobotCodes.refusal
        )
    }

    func isMediaMissing(_ refusal: Refusal) -> Bool { refusal.code == UploadReply.missing }
}

extension RobotWebhook {
    /// Where files of a WeCom robot go: beside its messages, under the same key.
    fileprivate func upload(type: String) -> Secret? {
        sibling(of: "/webhook/send", "/webhook/upload_media", adding: "type=\(type)")
    }
}
