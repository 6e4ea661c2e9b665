"""Triton's own Python client against a Shoal that has closed inference, statistics and repository.

The addresses are in SHOAL_URL and SHOAL_GRPC; the token is "secret".
"""

import os
import queue
import unittest

import numpy as np
import tritonclient.grpc as grpcclient
import tritonclient.http as httpclient
from tritonclient.utils import InferenceServerException

HEADER = "triton-access-token"
HTTP = {HEADER: "secret"}
GRPC = {f"triton-grpc-protocol-{HEADER}": "secret"}
VALUES = np.array([[1, 2]], dtype=np.int32)


def values(module):
    infer_input = module.InferInput("INPUT0", VALUES.shape, "INT32")
    infer_input.set_data_from_numpy(VALUES)
    return [infer_input]


class Restricted(unittest.TestCase):
    def refused(self, call, text, status):
        for options in ({}, {"headers": {name: "wrong" for name in (*HTTP, *GRPC)}}):
            with self.assertRaises(InferenceServerException) as caught:
                call(**options)
            self.assertEqual(caught.exception.message(), text)
            self.assertEqual(caught.exception.status(), status)

    def test_http(self):
        with httpclient.InferenceServerClient(os.environ["SHOAL_URL"]) as client:
            self.assertTrue(client.is_server_ready())
            self.assertEqual(client.get_model_metadata("add_sub")["name"], "add_sub")
            text = f"This API is restricted, expecting header '{HEADER}'"
            for call in (
                client.get_inference_statistics,
                client.get_model_repository_index,
                lambda **options: client.load_model("add_sub", **options),
                lambda **options: client.infer("identity_int32", values(httpclient), **options),
            ):
                self.refused(call, text, "403")
            self.assertTrue(client.get_model_repository_index(headers=HTTP))
            self.assertTrue(client.get_inference_statistics(headers=HTTP)["model_stats"])
            result = client.infer("identity_int32", values(httpclient), headers=HTTP)
            np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), VALUES)

    def test_grpc(self):
        with grpcclient.InferenceServerClient(os.environ["SHOAL_GRPC"]) as client:
            self.assertTrue(client.is_server_ready())
            self.assertEqual(client.get_model_metadata("add_sub").name, "add_sub")
            (name,) = GRPC
            text = f"This protocol is restricted, expecting header '{name}'"
            for call in (
                client.get_inference_statistics,
                client.get_model_repository_index,
                lambda **options: client.load_model("add_sub", **options),
                lambda **options: client.infer("identity_int32", values(grpcclient), **options),
            ):
                self.refused(call, text, "StatusCode.UNAVAILABLE")
            self.assertTrue(client.get_model_repository_index(headers=GRPC).models)
            self.assertTrue(client.get_inference_statistics(headers=GRPC).model_stats)
            result = client.infer("identity_int32", values(grpcclient), headers=GRPC)
            np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), VALUES)

    def test_grpc_streams(self):
        for headers in (GRPC, None):
            answers = queue.Queue()
            with grpcclient.InferenceServerClient(os.environ["SHOAL_GRPC"]) as client:
                client.start_stream(
                    lambda result, error: answers.put((result, error)), headers=headers
                )
                try:
                    client.async_stream_infer("identity_int32", values(grpcclient))
                except InferenceServerException:
                    self.assertIsNone(headers)  # The refusal was there first.
                result, error = answers.get(timeout=10)
                if headers is None:
                    self.assertIn("This protocol is restricted", error.message())
                else:
                    np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), VALUES)


if __name__ == "__main__":
    unittest.main()
