import pytest
import torch

from training.learning.muon import Muon, orthogonal


@pytest.mark.parametrize("shape", [(8, 8), (4, 36), (36, 4)])
def test_orthogonal_brings_all_singular_values_to_about_one(shape):
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonal(torch.randn(shape)))
    assert values.min() > 0.5
    assert values.max() < 1.3


def test_orthogonal_treats_each_of_many_matrices_alone():
    torch.manual_seed(0)
    matrices = torch.randn(3, 5, 12)
    matrices[1] *= 100
    alone = torch.stack([orthogonal(matrix) for matrix in matrices])
    assert torch.allclose(orthogonal(matrices), alone, atol=1e-4)


def test_orthogonal_keeps_the_singular_vectors():
    torch.manual_seed(0)
    matrix = torch.randn(5, 12)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    inside = left.T @ orthogonal(matrix) @ right.T
    assert inside - torch.diag(inside.diag()) == pytest.approx(torch.zeros(5, 5), abs=1e-4)


def test_it_fits_a_convolution_with_bias():
    torch.manual_seed(0)
    truth, network = torch.nn.Conv2d(3, 4, 3), torch.nn.Conv2d(3, 4, 3)
    losses = []
    optimizer = Muon(network.parameters(), lr=0.1)
    for step in range(200):
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / 200)
        x = torch.rand(8, 3, 8, 8)
        loss = (network(x) - truth(x)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 200


def test_a_saved_state_goes_on_exactly():
    torch.manual_seed(0)
    weights = [torch.nn.Parameter(torch.randn(4, 6)), torch.nn.Parameter(torch.randn(4))]
    gradients = [[torch.randn_like(weight) for weight in weights] for _ in range(4)]

    def steps(parameters, optimizer, some):
        for gradient in some:
            for parameter, value in zip(parameters, gradient, strict=True):
                parameter.grad = value.clone()
            optimizer.step()

    straight = [weight.detach().clone().requires_grad_() for weight in weights]
    steps(straight, Muon(straight, lr=0.1), gradients)
    broken = [weight.detach().clone().requires_grad_() for weight in weights]
    first = Muon(broken, lr=0.1)
    steps(broken, first, gradients[:2])
    second = Muon(broken, lr=0.1)
    second.load_state_dict(first.state_dict())
    steps(broken, second, gradients[2:])
    assert all(torch.equal(a, b) for a, b in zip(straight, broken, strict=True))
