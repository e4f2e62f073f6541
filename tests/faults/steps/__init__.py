"""The calls that the product makes, each with what has to come before it and what must be true in the end."""

from tests.faults.steps.after import (
    DocumentLookUp,
    DocumentPost,
    EntryDelete,
    EntryDeleteMatched,
    EntryDeleteRead,
    EntryPut,
    EntryPutLookUp,
    FileLookUp,
    FilePost,
)
from tests.faults.steps.entries import (
    AccountLookUp,
    AccountPost,
    AccountReadBack,
    AccountUpdatePut,
    AccountUpdateRead,
    EntryLookUp,
    EntryPaidBefore,
    EntryPost,
    EntryReadBack,
)
from tests.faults.steps.invoices import (
    InvoiceDelete,
    InvoiceLookUp,
    InvoicePdf,
    InvoicePost,
    InvoiceReadBack,
    InvoiceReadOne,
    PdfDownload,
    PdfFiles,
    PrintPost,
    PrintRead,
)
from tests.faults.steps.runs import (
    ImportContacts,
    ImportDeleted,
    ImportPage,
    PaidPage,
    PaidRest,
    TokenRefresh,
)

STEPS = {
    step.name: step
    for step in (
        step()
        for step in (
            AccountLookUp, AccountPost, AccountReadBack, AccountUpdateRead, AccountUpdatePut,
            EntryPost, EntryReadBack, EntryLookUp, EntryPaidBefore,
            DocumentPost, FilePost, DocumentLookUp, FileLookUp,
            EntryPut, EntryPutLookUp, EntryDeleteRead, EntryDeleteMatched, EntryDelete,
            PaidPage, PaidRest, ImportPage, ImportContacts, ImportDeleted,
            InvoicePost, InvoiceReadBack, InvoiceReadOne, InvoiceLookUp,
            PrintRead, PrintPost, InvoiceDelete, InvoicePdf, PdfFiles, PdfDownload,
            TokenRefresh,
        )
    )
}  # fmt: skip
