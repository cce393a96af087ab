import GRDB
import Groundwork

extension StoreError {
    /// Why SQLite, or a store's own check, refused.
    init(sqlite error: any Error, during operation: String) {
        if let error = error as? StoreError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.unavailable, during: operation, detail: "\(error)")
            return
        }
        let code: Code =
            switch error.resultCode {
            case .SQLITE_CONSTRAINT: .conflict
            case .SQLITE_FULL: .full
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupted
            default: .unavailable
            }
        self.init(code, during: operation, detail: error.message ?? "\(error.resultCode)")
    }
}
