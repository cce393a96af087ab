import CurlDriver
import Groundwork
import PushEngine
import S3Driver

/// Where crowd files are kept; every process that reads them must find them there.
enum CrowdSettings: Hashable, Sendable {
    /// In the data folder of this process.
    case own
    /// In a folder that the processes share.
    case folder(String)
    case s3(S3Place)

    private static let rule = "is a folder's path or s3://BUCKET/PREFIX"

    /// Reads what the settings say.
    ///
    /// - Throws: `SettingsError` that names the key at fault.
    init(_ reader: SettingsReader) throws(SettingsError) {
        guard let storage = reader.string("crowds.storage") else {
            self = .own
            return
        }
        guard storage.hasPrefix("s3:") else {
            let path = storage.hasPrefix("file://") ? String(storage.dropFirst("file://".count)) : storage
            guard !path.isEmpty, !path.contains("://") else {
                throw SettingsError("crowds.storage", "\(Self.rule), not \(storage)")
            }
            self = .folder(path)
            return
        }
        let place = S3Place(
            storage,
            endpoint: try reader.value("crowds.s3.endpoint", "is an http or https URL") { url in
                url.hasPrefix("http://") || url.hasPrefix("https://") ? url : nil
            },
            region: reader.string("crowds.s3.region") ?? "us-east-1",
            accessKey: try Self.key("crowds.s3.access-key", reader),
            secretKey: Secret(try Self.key("crowds.s3.secret-key", reader))
        )
        guard let place else {
            let why = "\(Self.rule), of letters, digits and -._, not \(storage)"
            throw SettingsError("crowds.storage", why)
        }
        self = .s3(place)
    }

    /// Refuses a place that others who need it cannot reach.
    ///
    /// - Parameters:
    ///   - roles: what the process does; the web takes crowd files in, and the executor reads them.
    ///   - isShared: whether other processes work on the same books.
    /// - Throws: `SettingsError` when the files would lie where only one of the two looks.
    func check(roles: Set<Role>, isShared: Bool) throws(SettingsError) {
        guard self == .own, isShared, roles.contains(.web) != roles.contains(.executor) else { return }
        throw Self.needed
    }

    /// Says that the place must be one that all processes of a cluster reach.
    static let needed = SettingsError(
        "crowds.storage",
        "must be set with the cluster size, to a folder or a bucket that web and executor processes share"
    )

    private static func key(_ name: String, _ reader: SettingsReader) throws(SettingsError) -> String {
        guard let key = reader.string(name), !key.isEmpty else {
            throw SettingsError(name, "is needed where crowds.storage is a bucket")
        }
        return key
    }

    /// The storage; what is still arriving lies in `folder`, and all of it where no other place is named.
    func storage(in folder: String) -> any CrowdStorage {
        switch self {
        case .own: FolderCrowdStorage(folder)
        case .folder(let path): FolderCrowdStorage(path)
        case .s3(let place): S3CrowdStorage(place, staging: folder, http: CurlHTTPClient())
        }
    }

    /// The storage of media files, apart from crowd files, whose bytes may be the same and go sooner.
    func mediaStorage(in folder: String) -> any CrowdStorage {
        switch self {
        case .own: FolderCrowdStorage(folder)
        case .folder(let path): FolderCrowdStorage(path + "/media")
        case .s3(let place): S3CrowdStorage(place.folder("media"), staging: folder, http: CurlHTTPClient())
        }
    }
}
