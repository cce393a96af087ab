import Groundwork
import PushEngine

/// What DingTalk takes as media; it has it for as long as there is the company.
///
/// help.dingtalk.io, "Upload media files" and "Media files overview".
enum DingTalkMedia {
    static let rules = [
        MediaRule(.image, sizes: 1...(20 << 20), formats: [.jpeg, .gif, .png, .bmp]),
        MediaRule(.voice, sizes: 1...(2 << 20), formats: [.amr, .mp3, .wav]),
        MediaRule(
            .file,
            sizes: 1...(20 << 20),
            endings: ["doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip", "pdf", "rar"]
        ),
    ]
}

/// Uploads files of an application.
struct DingTalkMediaDoor: MediaDoor {
    let endpoint: SupplierEndpoint
    let calls: TokenedCalls

    func upload(_ media: MediaUpload) async throws(SupplierError) -> UploadedMedia {
        // In the form as its documentation has it, and in the address as its examples do.
        let form = MultipartForm(media, as: "media", values: [("type", media.type.name)])
        let url = endpoint.url + "media/upload"
        let exchange = await calls.make { token in
            let query = PercentEncoding.form([("access_token", token.reveal()), ("type", media.type.name)])
            return form.request(to: "\(url)?\(query)")
        } isRejected: { response in
            DingTalkAnswer(response)?.isTokenRejected ?? false
        }
        if case .answered(let response) = exchange, let refusal = DingTalkAnswer(response)?.refusal {
            throw .refused(refusal)
        }
        return try UploadReply.media(in: exchange, lasting: nil) { $0.refusal(.badContent) }
    }

    func isMediaMissing(_ refusal: Refusal) -> Bool { refusal.code == UploadReply.missing }
}
